#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A virtual thermometer that speaks MQTT with edgecore: the smallest mapper without DMI. Copy it and put a real sensor in.

    mqtt_thermometer.py --device default/thermometer [--port 1883] [--period 1] [--property temperature]

It tells edgecore the temperature at each period and again when no answer came: an answer on …/twin/update/result says that
the value is on the node's disk, nothing else does. The desired temperature comes on …/twin/update/delta and by …/twin/get;
the thermometer moves towards it. Prints one JSON line per event. Needs python3-paho-mqtt.
"""
import argparse
import json
import threading
import time

import paho.mqtt.client as mqtt


class Thermometer:
    ANSWER_WITHIN = 5  # seconds

    def __init__(self, options):
        self.topic = f"$hw/events/device/{options.device}"
        self.property, self.period = options.property, options.period
        self.temperature, self.desired = options.start, None
        self.sequence, self.waiting = 0, None
        self.answered = threading.Condition()
        self.client = mqtt.Client()
        self.client.on_connect, self.client.on_message = self.on_connect, self.on_message
        self.client.reconnect_delay_set(1, 30)
        self.client.connect_async(options.host, options.port, keepalive=30)

    @staticmethod
    def say(event, **values):
        print(json.dumps({"event": event, **values}), flush=True)

    def send(self, what, **body):
        self.client.publish(f"{self.topic}/{what}", json.dumps({"timestamp": int(time.time() * 1000), **body}), qos=1)

    def on_connect(self, client, userdata, flags, code):
        if code != 0:
            return self.say("refused", code=code)
        # Sessions are clean: everything is subscribed and asked for anew on each connection.
        client.subscribe([(f"{self.topic}/twin/update/result", 1), (f"{self.topic}/twin/update/delta", 1),
                          (f"{self.topic}/twin/get/result", 1)])
        self.send("state/update", event_id="", state="online")
        self.send("twin/get", event_id="start")
        self.say("connected")

    def on_message(self, client, userdata, message):
        body = json.loads(message.payload)
        if message.topic.endswith("/twin/update/result"):
            with self.answered:
                if body.get("event_id") == self.waiting:
                    self.waiting = None
                    self.answered.notify_all()
            if "code" in body:
                self.say("refused", code=body["code"], reason=body.get("reason"))
        elif message.topic.endswith("/twin/update/delta"):
            self.take_desired(body["delta"].get(self.property))
        else:
            self.take_desired(body.get("twin", {}).get(self.property, {}).get("expected", {}).get("value"))

    def take_desired(self, value):
        if value and value != self.desired:
            self.desired = value
            self.say("desired", value=value)

    def report(self):
        """Until it is answered: what was under way when the broker or edgecore went away is ours to repeat."""
        self.sequence += 1
        event = f"t{self.sequence}"
        while True:
            with self.answered:
                self.waiting = event
                if self.client.is_connected():
                    self.send("twin/update", event_id=event, twin={
                        self.property: {"actual": {"value": str(self.temperature)}, "metadata": {"type": "string"}}})
                if self.answered.wait_for(lambda: self.waiting is None, self.ANSWER_WITHIN):
                    return self.say("reported", value=str(self.temperature))

    def run(self):
        self.client.loop_start()
        while True:
            self.report()
            time.sleep(self.period)
            if self.desired is not None and self.desired.lstrip("-").isdigit():
                self.temperature += (int(self.desired) > self.temperature) - (int(self.desired) < self.temperature)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="a virtual thermometer over MQTT")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--device", required=True, help="<namespace>/<name> of the Device")
    parser.add_argument("--property", default="temperature")
    parser.add_argument("--period", type=float, default=1.0, help="seconds")
    parser.add_argument("--start", type=int, default=20, help="the first temperature")
    Thermometer(parser.parse_args()).run()
