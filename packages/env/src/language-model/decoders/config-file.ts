import { LeaError, nearest } from '@lea/core';

/** Checked access to the fields of a `config.json`. Methods throw LeaError `E_MODEL_UNSUPPORTED`. */
export class ConfigFile {
  /** File name for error messages. */
  readonly path: string;
  /** Fields of the file. */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(path: string, fields: Readonly<Record<string, unknown>>) {
    this.path = path;
    this.fields = fields;
  }

  /** Whether the field exists and is not null. */
  has(name: string): boolean {
    return this.fields[name] !== undefined && this.fields[name] !== null;
  }

  /** Reads a number above 0. */
  number(name: string, otherwise?: number): number {
    const value = this.fields[name] ?? otherwise;
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw this.unusable(name, value, 'a number above 0');
  }

  /** Reads a whole number above 0. */
  count(name: string, otherwise?: number): number {
    const value = this.number(name, otherwise);
    if (Number.isSafeInteger(value)) return value;
    throw this.unusable(name, value, 'a whole number above 0');
  }

  optionalNumber(name: string): number | undefined {
    return this.has(name) ? this.number(name) : undefined;
  }

  optionalCount(name: string): number | undefined {
    return this.has(name) ? this.count(name) : undefined;
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.fields[name] ?? otherwise;
    if (typeof value === 'boolean') return value;
    throw this.unusable(name, value, 'true or false');
  }

  /** Reads one of the strings in `known` and returns its value. */
  choice<T>(name: string, known: Readonly<Record<string, T>>, otherwise?: string): T {
    const value = this.fields[name] ?? otherwise;
    if (typeof value === 'string' && Object.hasOwn(known, value)) return known[value]!;
    const near = typeof value === 'string' ? nearest(value, Object.keys(known)) : undefined;
    throw new LeaError('E_MODEL_UNSUPPORTED', `The "${name}" of ${this.path} is not supported.`, {
      value: value ?? 'missing',
      hint: `Supported values: ${Object.keys(known).join(', ')}.${near ? ` Did you mean "${near}"?` : ''}`,
    });
  }

  /** Reads an array with one entry per layer; undefined if the field is missing. */
  perLayer<T>(name: string, layers: number, read: (entry: unknown) => T | undefined): T[] | undefined {
    if (!this.has(name)) return undefined;
    const value = this.fields[name];
    const entries = Array.isArray(value) ? value.map(read) : [];
    if (entries.length === layers && entries.every((entry) => entry !== undefined)) return entries as T[];
    throw this.unusable(name, value, `an array with a valid entry for each of the ${layers} layers`);
  }

  /** Reads a nested object; its errors name the field. */
  part(name: string): ConfigFile | undefined {
    const value = this.fields[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) throw this.unusable(name, value, 'an object');
    return new ConfigFile(`${name} in ${this.path}`, value as Record<string, unknown>);
  }

  /** Creates the error for an invalid field; `wanted` describes a valid value. */
  unusable(name: string, value: unknown, wanted: string): LeaError {
    return new LeaError('E_MODEL_UNSUPPORTED', `The "${name}" of ${this.path} must be ${wanted}.`, {
      value: value ?? 'missing',
      hint: 'Use the config.json that belongs to the weights.',
    });
  }

  /** Checks that a field is missing or has its only supported value. @param why the unsupported feature */
  only(name: string, value: unknown, why: string): void {
    if (!this.has(name) || this.fields[name] === value) return;
    throw new LeaError('E_MODEL_UNSUPPORTED', `${why} is not supported ("${name}" of ${this.path}).`, {
      value: this.fields[name],
      hint: 'Choose another checkpoint of the model.',
    });
  }
}
