"""Two switches in user space, joined by a trunk, which hold every frame back for a while and lose some: what `tc netem`
does, on kernels without it. Arguments: seed, delay in milliseconds, one frame lost in so many, ports of the first switch,
ports of the second (the last port of each is the trunk)."""

import errno
import heapq
import random
import select
import socket
import sys
import time

FRAME_BYTES_MAX = 65536
EVERY_PROTOCOL = 0x0003
OUTGOING = 4


class Switch:
    def __init__(self, ports):
        self.ports = [listen(port) for port in ports]
        self.trunk = self.ports[-1]
        self.places = {}

    def targets(self, port, frame):
        self.places[frame[6:12]] = port
        known = self.places.get(frame[0:6])
        if known is not None and not frame[0] & 1:
            return [known] if known is not port else []
        return [other for other in self.ports if other is not port]


def listen(port):
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY_PROTOCOL))
    ear.bind((port, EVERY_PROTOCOL))
    ear.setblocking(False)
    return ear


def is_down(error):
    return error.errno in (errno.ENETDOWN, errno.ENXIO, errno.ENODEV, errno.EAGAIN, errno.ENOBUFS)


def main():
    chance = random.Random(int(sys.argv[1]))
    delay = int(sys.argv[2]) / 1000
    one_of = int(sys.argv[3])
    switches = [Switch(ports.split(",")) for ports in sys.argv[4:6]]
    owner = {port: switch for switch in switches for port in switch.ports}
    held, count, lost = [], 0, 0
    print("ready", flush=True)
    while True:
        wait = max(0, held[0][0] - time.monotonic()) if held else None
        heard, _, _ = select.select([*owner, sys.stdin], [], [], wait)
        now = time.monotonic()
        while held and held[0][0] <= now:
            _, _, target, frame = heapq.heappop(held)
            try:
                target.send(frame)
            except OSError as error:
                if not is_down(error):
                    raise
        for port in heard:
            if port is sys.stdin:
                # A line asks how many frames were carried and lost; the end of the input ends this.
                if not sys.stdin.readline():
                    return
                print(count, lost, flush=True)
                continue
            try:
                frame, source = port.recvfrom(FRAME_BYTES_MAX)
            except OSError as error:
                if is_down(error):
                    continue
                raise
            if source[2] == OUTGOING or len(frame) < 14:
                continue
            switch = owner[port]
            # The trunk is short: a frame is held back and lost where it comes from its node.
            from_node = port is not switch.trunk
            if from_node and chance.randrange(one_of) == 0:
                lost += 1
                continue
            for target in switch.targets(port, frame):
                count += 1
                heapq.heappush(held, (now + (delay if from_node else 0), count, target, frame))


main()
