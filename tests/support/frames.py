"""Frames of hub and replica, as doc/sync.md lays them out."""
import json
import struct

TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    TABLE.append(byte)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def frame(kind, number, payload, flags=0, length=None):
    if isinstance(payload, (dict, list)):
        payload = json.dumps(payload).encode()
    head = struct.pack("<IBBI", len(payload) if length is None else length, kind, flags, number)
    return head + payload + struct.pack("<I", crc32c(head + payload))


HELLO, PULL, EDIT, BYE = 1, 3, 9, 11


def hello():
    return frame(HELLO, 0, {"sync": 1, "schema": 1, "replica": "ab" * 16, "machine": "test", "epoch": "", "policy": "", "position": None,
                            "program": "test"})


def edit(number, target="coffee"):
    return frame(EDIT, number, {"id": f"{number:032x}", "verb": "operation", "entity": "segment",
                                "target": target, "base": -1, "after": "",
                                "detail": {"verb": "set", "fields": {"note": f"n{number}"},
                                           "reason": ""}})
