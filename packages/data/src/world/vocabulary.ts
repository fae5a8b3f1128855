/**
 * A kind of product: its heading, nouns for single products, and the headings of complementary categories of the
 * department.
 */
export interface Category {
  heading: string;
  nouns: readonly [string, string];
  /** Strongest first. */
  goesWith: readonly string[];
}

/** A brand: its price tier and its product lines, each mostly for one use. */
export interface Brand {
  name: string;
  /** Index into `tiers`. */
  tier: number;
  lines: readonly [string, string, string];
}

export interface Department {
  heading: string;
  categories: readonly Category[];
  brands: readonly Brand[];
  materials: readonly string[];
  /** Two phrasings of each use. */
  uses: readonly (readonly [string, string])[];
}

/** Three phrasings of each price tier. */
export const tiers: readonly (readonly [string, string, string])[] = [
  ['entry level', 'good value on a small budget', 'affordable'],
  ['mid-range', 'solid everyday quality', 'well balanced in price'],
  ['premium', 'professional grade', 'top of the range'],
];

export const colors: readonly string[] = [
  'black',
  'forest green',
  'sand',
  'navy blue',
  'signal red',
  'silver grey',
  'white',
  'orange',
];

export const departments: readonly Department[] = [
  {
    heading: 'Outdoor',
    categories: [
      category('Tents', 'dome tent', 'tunnel tent', 'Sleeping Bags', 'Sleeping Mats'),
      category('Sleeping Bags', 'down sleeping bag', 'mummy sleeping bag', 'Sleeping Mats', 'Headlamps'),
      category('Sleeping Mats', 'inflatable sleeping mat', 'folding sleeping mat', 'Camp Stoves', 'Headlamps'),
      category('Camp Stoves', 'gas camp stove', 'camp stove with pot', 'Water Filters', 'Backpacks'),
      category('Headlamps', 'rechargeable headlamp', 'trail headlamp', 'Backpacks', 'Tents'),
      category('Backpacks', 'trekking backpack', 'rolltop backpack', 'Water Filters', 'Tents'),
      category('Water Filters', 'squeeze water filter', 'pump water filter', 'Camp Stoves', 'Sleeping Bags'),
    ],
    brands: [
      { name: 'Northpeak', tier: 2, lines: ['Ridge', 'Summit', 'Glacier'] },
      { name: 'Fjellrev', tier: 2, lines: ['Tind', 'Vidde', 'Breen'] },
      { name: 'Campana', tier: 0, lines: ['Weekend', 'Lago', 'Sol'] },
      { name: 'Wayfarer', tier: 1, lines: ['Drift', 'Moor', 'Trailhead'] },
      { name: 'Koala Creek', tier: 1, lines: ['Billabong', 'Gum', 'Track'] },
    ],
    materials: ['ripstop nylon', 'recycled polyester', 'titanium', 'waxed canvas'],
    uses: [
      ['ultralight backpacking', 'long hikes with little weight'],
      ['family camping', 'holidays with children at the campsite'],
      ['winter mountaineering', 'alpine tours in snow'],
      ['bike touring', 'travelling by bicycle'],
    ],
  },
  {
    heading: 'Kitchen',
    categories: [
      category('Espresso Machines', 'espresso machine', 'lever espresso machine', 'Coffee Grinders', 'Milk Jugs'),
      category('Coffee Grinders', 'burr coffee grinder', 'hand coffee grinder', 'Kitchen Scales', 'Kettles'),
      category('Milk Jugs', 'milk frothing jug', 'latte art jug', 'Kitchen Scales', 'Coffee Grinders'),
      category('Kettles', 'gooseneck kettle', 'electric kettle', 'Kitchen Scales', 'Coffee Grinders'),
      category('Kitchen Scales', 'precision kitchen scale', 'pocket kitchen scale', 'Kettles', 'Frying Pans'),
      category("Chef's Knives", "chef's knife", 'santoku knife', 'Cutting Boards', 'Frying Pans'),
      category('Cutting Boards', 'end grain cutting board', 'cutting board set', "Chef's Knives", 'Frying Pans'),
      category('Frying Pans', 'frying pan', 'deep skillet', 'Cutting Boards', "Chef's Knives"),
    ],
    brands: [
      { name: 'Bottega Nera', tier: 2, lines: ['Classica', 'Tempo', 'Forte'] },
      { name: 'Hagel & Sohn', tier: 2, lines: ['Meister', 'Ofen', 'Linie'] },
      { name: 'Tidy Cook', tier: 0, lines: ['Basic', 'Happy', 'Stack'] },
      { name: 'Morrow', tier: 1, lines: ['Daily', 'Brew', 'Hearth'] },
      { name: 'Sakana', tier: 1, lines: ['Kiri', 'Mizu', 'Hana'] },
    ],
    materials: ['stainless steel', 'cast iron', 'walnut wood', 'heatproof glass'],
    uses: [
      ['speciality coffee at home', 'home baristas'],
      ['small flats', 'kitchens with little room'],
      ['cooking for many guests', 'dinner parties and big families'],
      ['the office kitchen', 'a busy workplace'],
    ],
  },
  {
    heading: 'Audio',
    categories: [
      category('Headphones', 'over-ear headphones', 'open-back headphones', 'Headphone Amplifiers', 'Audio Interfaces'),
      category('Headphone Amplifiers', 'headphone amplifier', 'portable DAC', 'Headphones', 'Turntables'),
      category('Turntables', 'belt drive turntable', 'direct drive turntable', 'Phono Cartridges', 'Speakers'),
      category('Phono Cartridges', 'moving magnet cartridge', 'phono cartridge', 'Speakers', 'Turntables'),
      category('Speakers', 'bookshelf speakers', 'active speakers', 'Turntables', 'Headphone Amplifiers'),
      category('Microphones', 'condenser microphone', 'broadcast microphone', 'Audio Interfaces', 'Headphones'),
      category('Audio Interfaces', 'USB audio interface', 'two-channel audio interface', 'Microphones', 'Headphones'),
    ],
    brands: [
      { name: 'Halden Audio', tier: 2, lines: ['Reference', 'Aria', 'Opus'] },
      { name: 'Quietbox', tier: 1, lines: ['Studio', 'Mono', 'Desk'] },
      { name: 'Tonika', tier: 0, lines: ['Go', 'Pop', 'Beat'] },
      { name: 'Larkspur', tier: 2, lines: ['Heron', 'Wren', 'Kestrel'] },
      { name: 'Voltline', tier: 1, lines: ['Pulse', 'Arc', 'Coil'] },
    ],
    materials: ['brushed aluminium', 'oak veneer', 'carbon fibre', 'moulded plastic'],
    uses: [
      ['listening to vinyl', 'record collectors'],
      ['podcasts and voice recording', 'speech recording'],
      ['music production', 'the home studio'],
      ['travel and commuting', 'listening on the way'],
    ],
  },
  {
    heading: 'Photo',
    categories: [
      category('Cameras', 'mirrorless camera', 'compact camera', 'Lenses', 'Camera Bags'),
      category('Lenses', 'prime lens', 'zoom lens', 'Lens Filters', 'Tripods'),
      category('Lens Filters', 'polarising filter', 'neutral density filter', 'Tripods', 'Lenses'),
      category('Tripods', 'travel tripod', 'studio tripod', 'Camera Bags', 'Flashes'),
      category('Flashes', 'speedlight flash', 'LED light panel', 'Lenses', 'Camera Bags'),
      category('Camera Bags', 'camera sling bag', 'camera backpack', 'Cameras', 'Lenses'),
    ],
    brands: [
      { name: 'Lumera', tier: 2, lines: ['Pro', 'Atlas', 'Nocturne'] },
      { name: 'Optik Jena', tier: 2, lines: ['Distar', 'Planon', 'Sonor'] },
      { name: 'Snapley', tier: 0, lines: ['Easy', 'Mini', 'Joy'] },
      { name: 'Gridline', tier: 1, lines: ['Field', 'Street', 'Vista'] },
      { name: 'Ombra', tier: 1, lines: ['Luce', 'Notte', 'Alba'] },
    ],
    materials: ['magnesium alloy', 'carbon composite', 'water-repellent fabric', 'optical glass'],
    uses: [
      ['landscape photography', 'wide views and long exposures'],
      ['portrait photography', 'pictures of people'],
      ['video and vlogging', 'filming oneself'],
      ['wildlife photography', 'birds and animals from afar'],
    ],
  },
  {
    heading: 'Cycling',
    categories: [
      category('Helmets', 'bicycle helmet', 'aero helmet', 'Bike Lights', 'Cycling Gloves'),
      category('Bike Lights', 'front bike light', 'bike light set', 'Bike Locks', 'Panniers'),
      category('Bike Locks', 'folding lock', 'chain lock', 'Panniers', 'Bike Lights'),
      category('Panniers', 'pannier bag', 'handlebar bag', 'Bike Pumps', 'Saddles'),
      category('Bike Pumps', 'mini bike pump', 'floor pump', 'Saddles', 'Cycling Gloves'),
      category('Saddles', 'touring saddle', 'racing saddle', 'Cycling Gloves', 'Helmets'),
      category('Cycling Gloves', 'padded cycling gloves', 'long finger cycling gloves', 'Helmets', 'Bike Pumps'),
    ],
    brands: [
      { name: 'Velluto', tier: 2, lines: ['Corsa', 'Aria', 'Gara'] },
      { name: 'Kettenwerk', tier: 1, lines: ['Pendel', 'Tour', 'Berg'] },
      { name: 'Spokely', tier: 0, lines: ['City', 'Kids', 'Start'] },
      { name: 'Brammer', tier: 2, lines: ['Gravel', 'Flint', 'Scree'] },
      { name: 'Dalby', tier: 1, lines: ['Commute', 'Harbour', 'Lane'] },
    ],
    materials: ['polycarbonate', 'genuine leather', 'waterproof tarpaulin', 'hardened steel'],
    uses: [
      ['daily commuting', 'the way to work in the city'],
      ['road racing', 'fast riders and competitions'],
      ['gravel and bikepacking', 'rough roads with luggage'],
      ['children', 'young riders'],
    ],
  },
  {
    heading: 'Workshop',
    categories: [
      category('Drills', 'cordless drill', 'hammer drill', 'Drill Bits', 'Safety Glasses'),
      category('Drill Bits', 'drill bit set', 'masonry drill bits', 'Clamps', 'Safety Glasses'),
      category('Saws', 'circular saw', 'japanese pull saw', 'Clamps', 'Safety Glasses'),
      category('Clamps', 'bar clamp', 'quick release clamp', 'Sanders', 'Saws'),
      category('Sanders', 'orbital sander', 'detail sander', 'Abrasive Paper', 'Safety Glasses'),
      category('Abrasive Paper', 'abrasive paper discs', 'sanding sheets', 'Clamps', 'Sanders'),
      category('Safety Glasses', 'safety glasses', 'dust goggles', 'Saws', 'Drills'),
    ],
    brands: [
      { name: 'Stahlhof', tier: 2, lines: ['Profi', 'Kraft', 'Werk'] },
      { name: 'Dunmore', tier: 1, lines: ['Builder', 'Joiner', 'Site'] },
      { name: 'Handyhaus', tier: 0, lines: ['Home', 'Fix', 'Hobby'] },
      { name: 'Takumi', tier: 2, lines: ['Sugi', 'Kanna', 'Hinoki'] },
      { name: 'Redbarn', tier: 1, lines: ['Farm', 'Fence', 'Yard'] },
    ],
    materials: ['chrome vanadium steel', 'tungsten carbide', 'impact resistant plastic', 'beech wood'],
    uses: [
      ['fine woodworking', 'furniture making'],
      ['house renovation', 'building and renovating'],
      ['metalwork', 'working on steel and engines'],
      ['hobby and model making', 'small craft projects'],
    ],
  },
];

function category(heading: string, noun: string, other: string, ...goesWith: readonly string[]): Category {
  return { heading, nouns: [noun, other], goesWith };
}
