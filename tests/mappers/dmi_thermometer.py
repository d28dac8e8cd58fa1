#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A virtual thermometer that speaks the Device Mapper Interface (DMI): an example for authors of mappers.

It registers with edgecore, serves DeviceMapperService on a socket of its own, and for each device of its protocol
plays a thermometer per property: the temperature moves towards the desired value, one degree a report. It registers
again when edgecore comes back. Each thing that happens is one line of JSON on standard output:

  {"event": "registered", "devices": ["default/sensor"]}
  {"event": "added", "device": "default/sensor", "model": "sensor-model", "config": {...}, "desired": {...}}
  {"event": "updated", ...the same...}     {"event": "removed", "device": "default/sensor"}
  {"event": "reported", "device": "default/sensor", "values": {"temperature": "21"}}
  {"event": "unreachable", "reason": "..."}

Needs python3-grpcio, python3-protobuf and protoc.
"""
import argparse
import importlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent import futures

import grpc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto" / "dmi.proto"
START = 20.0  # degrees
TIMEOUT = 5  # seconds for one call


def load_messages():
    """The messages of dmi.proto. A mapper that is delivered would bring them along, generated when it was built."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["protoc", f"-I{PROTO.parent}", f"--python_out={folder}", PROTO.name], check=True, cwd=PROTO.parent)
        sys.path.insert(0, folder)
        try:
            return importlib.import_module("dmi_pb2")
        finally:
            sys.path.remove(folder)


dmi = load_messages()
WRAPPERS = {name: getattr(dmi, name) for name in ("StringValue", "FloatValue", "BoolValue", "Int64Value")}


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def plain(customized):
    """A configData as a dictionary."""
    values = {}
    for key, any_value in customized.data.items():
        wrapper = WRAPPERS.get(any_value.type_url.rpartition(".")[2])
        if wrapper:
            values[key] = wrapper.FromString(any_value.value).value
    return values


def number(text, otherwise):
    try:
        return float(text)
    except ValueError:
        return otherwise


class Thermometer:
    """One device: what edgecore wants of it, and how warm it is."""

    def __init__(self, device, temperatures=None):
        self.device = device
        self.key = f"{device.namespace}/{device.name}"
        old = temperatures or {}
        self.temperatures = {p.name: old.get(p.name, START) for p in device.spec.properties}
        self.due = {p.name: 0.0 for p in device.spec.properties}

    def describe(self):
        spec = self.device.spec
        return {"device": self.key, "model": spec.deviceModelReference, "config": plain(spec.protocol.configData),
                "visitors": {p.name: plain(p.visitors.configData) for p in spec.properties},
                "desired": {p.name: p.desired.value for p in spec.properties}}

    def measure(self, now, period):
        """The twins to report now. A property is reported each collectCycle (ms), if the cloud wants it."""
        twins = []
        for prop in self.device.spec.properties:
            if not prop.reportToCloud or self.due[prop.name] > now:
                continue
            self.due[prop.name] = now + (prop.collectCycle / 1000 if prop.collectCycle > 0 else period)
            warm = self.temperatures[prop.name]
            warm += max(-1.0, min(1.0, number(prop.desired.value, warm) - warm))
            self.temperatures[prop.name] = warm
            kind = {"type": "string", "timestamp": str(int(time.time() * 1000))}
            twins.append(dmi.Twin(propertyName=prop.name,
                                  observedDesired=dmi.TwinProperty(value=prop.desired.value, metadata=kind),
                                  reported=dmi.TwinProperty(value=f"{warm:g}", metadata=kind)))
        return twins


class Mapper:
    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.thermometers = {}
        self.registered_at = None  # which socket of edgecore we registered at
        self.stopping = False
        self.channel = grpc.insecure_channel(f"unix:{options.edgecore}", options=[("grpc.max_reconnect_backoff_ms", 1000)])

    # ---- What edgecore calls (DeviceMapperService)

    def serve(self):
        calls = {
            "RegisterDevice": (self.register_device, dmi.RegisterDeviceRequest),
            "UpdateDevice": (self.update_device, dmi.UpdateDeviceRequest),
            "RemoveDevice": (self.remove_device, dmi.RemoveDeviceRequest),
            "CreateDeviceModel": (lambda request, _: dmi.CreateDeviceModelResponse(
                deviceModelName=request.model.name, deviceModelNamespace=request.model.namespace), dmi.CreateDeviceModelRequest),
            "UpdateDeviceModel": (lambda *_: dmi.UpdateDeviceModelResponse(), dmi.UpdateDeviceModelRequest),
            "RemoveDeviceModel": (lambda *_: dmi.RemoveDeviceModelResponse(), dmi.RemoveDeviceModelRequest),
        }
        handlers = {name: grpc.unary_unary_rpc_method_handler(call, request_deserializer=request.FromString,
                                                              response_serializer=lambda reply: reply.SerializeToString())
                    for name, (call, request) in calls.items()}
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("v1beta1.DeviceMapperService", handlers),))
        server.add_insecure_port(f"unix:{self.options.socket}")
        server.start()
        return server

    def register_device(self, request, _):
        self.put(request.device)
        return dmi.RegisterDeviceResponse(deviceName=request.device.name, deviceNamespace=request.device.namespace)

    def update_device(self, request, _):
        self.put(request.device)
        return dmi.UpdateDeviceResponse()

    def remove_device(self, request, _):
        self.remove(f"{request.deviceNamespace}/{request.deviceName}")
        return dmi.RemoveDeviceResponse()

    def put(self, device):
        with self.lock:
            old = self.thermometers.get(f"{device.namespace}/{device.name}")
            new = Thermometer(device, old.temperatures if old else None)
            self.thermometers[new.key] = new
            if not old:
                say("added", **new.describe())
            elif old.device != device:
                say("updated", **new.describe())

    def remove(self, key):
        with self.lock:
            if self.thermometers.pop(key, None):
                say("removed", device=key)

    # ---- What we call (DeviceManagerService)

    def call(self, method, request, response):
        rpc = self.channel.unary_unary(f"/v1beta1.DeviceManagerService/{method}",
                                       request_serializer=lambda message: message.SerializeToString(),
                                       response_deserializer=response.FromString)
        return rpc(request, timeout=TIMEOUT)

    def edgecore_socket(self):
        """Which file edgecore's socket is: another one after a restart. None: there is none."""
        try:
            status = os.stat(self.options.edgecore)
            return status.st_ino, status.st_ctime_ns
        except OSError:
            return None

    def register(self):
        """Tells edgecore of us; its answer lists all our devices."""
        at = self.edgecore_socket()
        before = set(self.thermometers)
        info = dmi.MapperInfo(name=self.options.name, version="v1.0.0", api_version="v1beta1", protocol=self.options.protocol,
                              address=self.options.socket.encode(), state="ok")
        answer = self.call("MapperRegister", dmi.MapperRegisterRequest(withData=True, mapper=info), dmi.MapperRegisterResponse)
        self.registered_at = at
        ours = {f"{device.namespace}/{device.name}" for device in answer.deviceList}
        say("registered", devices=sorted(ours))
        for key in before - ours:  # they went while we were not registered
            self.remove(key)
        for device in answer.deviceList:
            self.put(device)

    def report(self):
        with self.lock:
            now = time.monotonic()
            due = [(one.device, one.measure(now, self.options.period)) for one in self.thermometers.values()]
        for device, twins in due:
            if not twins:
                continue
            self.call("ReportDeviceStatus", dmi.ReportDeviceStatusRequest(
                deviceName=device.name, deviceNamespace=device.namespace,
                reportedDevice=dmi.DeviceStatus(twins=twins)), dmi.ReportDeviceStatusResponse)
            say("reported", device=f"{device.namespace}/{device.name}",
                values={twin.propertyName: twin.reported.value for twin in twins})

    def run(self):
        reason = None
        while not self.stopping:
            time.sleep(0.1)
            try:
                if self.registered_at is None or self.registered_at != self.edgecore_socket():
                    self.register()
                self.report()
                reason = None
            except grpc.RpcError as error:
                if error.code() == grpc.StatusCode.UNAVAILABLE:
                    self.registered_at = None
                if reason != error.code():
                    reason = error.code()
                    say("unreachable", reason=f"{error.code().name}: {error.details()}")
                time.sleep(0.5)

    def stop(self, *_):
        self.stopping = True  # no more than that: it may come in the middle of anything


def main():
    parser = argparse.ArgumentParser(description="A virtual thermometer that speaks DMI.")
    parser.add_argument("--edgecore", default="/etc/kubeedge/dmi.sock", help="edgecore's socket")
    parser.add_argument("--socket", default="/etc/kubeedge/thermometer.sock", help="the mapper's own socket, absolute")
    parser.add_argument("--name", default="thermometer", help="the mapper's name")
    parser.add_argument("--protocol", default="thermometer", help="devices with this protocolName are ours")
    parser.add_argument("--period", type=float, default=1.0, help="seconds between reports of a property without collectCycle")
    mapper = Mapper(parser.parse_args())
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, mapper.stop)
    server = mapper.serve()
    mapper.run()
    server.stop(grace=0.5).wait()
    mapper.channel.close()


if __name__ == "__main__":
    main()
