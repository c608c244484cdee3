// A door into the engine's worker for the test: whoever knocks has the graphics card taken away.
export {};

interface Device {
  destroy(): void;
}
interface Adapter {
  requestDevice(...options: unknown[]): Promise<Device>;
}

if (typeof document === "undefined") {
  const { prototype } = (globalThis as unknown as { readonly GPUAdapter: { readonly prototype: Adapter } }).GPUAdapter;
  const { requestDevice } = prototype;
  const devices: Device[] = [];
  prototype.requestDevice = async function (...options) {
    const device = await requestDevice.apply(this, options);
    devices.push(device);
    return device;
  };
  const door = new BroadcastChannel("graphics card");
  door.onmessage = () => {
    for (const device of devices) device.destroy();
    door.postMessage("done");
  };
}
