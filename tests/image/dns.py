"""Answers every question for an IPv4 address with 127.0.0.1, as the resolver of a container network would for a
service's name; says so once it is bound."""

import socket

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
print("bound", flush=True)
while True:
    question, client = server.recvfrom(512)
    end = question.index(0, 12) + 5
    is_v4 = question[end - 4 : end - 2] == b"\x00\x01"
    head = question[:2] + b"\x81\x80\x00\x01" + (b"\x00\x01" if is_v4 else b"\x00\x00") + b"\x00\x00\x00\x00"
    answer = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x7f\x00\x00\x01" if is_v4 else b""
    server.sendto(head + question[12:end] + answer, client)
