"""Has a device leave nothing to its other end: whole checksums, no frames longer than it may send."""

import array
import fcntl
import socket
import struct
import sys

SIOCETHTOOL = 0x8946
# Checksums of what is sent, segmentation by the device, and by the kernel in its place.
SWITCHED_OFF = [0x17, 0x1F, 0x24]

device = sys.argv[1].encode()
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
    for command in SWITCHED_OFF:
        value = array.array("B", struct.pack("II", command, 0))
        fcntl.ioctl(control, SIOCETHTOOL, struct.pack("16sP", device, value.buffer_info()[0]))
