"""llama.cpp's chat server for a GGUF file, from prebuilt wheels: pip install xllamacpp, then python server.py MODEL.gguf [PORT]"""

import sys
import threading

import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.hostnames = ["127.0.0.1"]
params.port = int(sys.argv[2]) if len(sys.argv) > 2 else 8080
params.n_ctx = 4096
params.n_parallel = 1  # on CPUs, one request at a time reuses the most of the prompt before it
server = xllamacpp.Server(params)
print(f"{server.listening_address}/v1", flush=True)
threading.Event().wait()
