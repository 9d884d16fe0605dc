// parquet-wasm's types name the browser's WebAssembly, which TypeScript knows only together with the whole DOM.

declare namespace WebAssembly {
  type Memory = object
  type Table = object
}
