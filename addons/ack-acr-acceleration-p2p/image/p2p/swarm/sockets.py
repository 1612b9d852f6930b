"""Sending on non-blocking sockets of an asyncio loop without copies through Python objects."""

from __future__ import annotations

import asyncio
import os
import socket
from ipaddress import ip_address

NOT_SENT_MOST = 512 << 10  # bytes the kernel may queue unsent: what waits longer is seen in our own queue instead
DEAD_SECONDS = 10  # after which a peer that acknowledges nothing is given up
_TCP_NOTSENT_LOWAT = 25  # linux/tcp.h; the socket module lacks it


def tcp_socket(address: str) -> socket.socket:
    """A non-blocking TCP socket of the family of an IP address."""
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setblocking(False)
    return sock


def bound_socket(address: str, port: int) -> socket.socket:
    """Raises OSError when another socket listens there."""
    sock = tcp_socket(address)
    # What an earlier process's connections left in TIME_WAIT is no obstacle; a socket that listens still is.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    return sock


async def connect(local: str, address: str, port: int) -> socket.socket:
    """A connection from `local` to a peer, which checks where it comes from. Raises OSError."""
    sock = tcp_socket(address)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_SECONDS * 1000)
        sock.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, NOT_SENT_MOST)
        sock.bind((local, 0))
        await asyncio.get_running_loop().sock_connect(sock, (address, port))
    except BaseException:
        sock.close()
        raise
    return sock


def expect_life(sock: socket.socket) -> None:
    """Notice within a minute that the peer of a connection which only receives is gone."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)


async def send_bytes(sock: socket.socket, data: bytes, flags: int = 0) -> None:
    sent = 0
    while sent < len(data):
        try:
            sent += sock.send(data[sent:], flags)
        except BlockingIOError:
            await _writable(sock)


async def send_file(sock: socket.socket, file: int, offset: int, count: int) -> None:
    end = offset + count
    while offset < end:
        try:
            sent = os.sendfile(sock.fileno(), file, offset, end - offset)
        except BlockingIOError:
            await _writable(sock)
            continue
        if not sent:
            raise EOFError("the file is shorter than the piece")
        offset += sent


async def receive(sock: socket.socket, count: int) -> bytearray:
    """Exactly `count` bytes. Raises EOFError when the other side closed, OSError."""
    data = bytearray(count)
    view = memoryview(data)
    while view:
        got = await asyncio.get_running_loop().sock_recv_into(sock, view)
        if not got:
            raise EOFError("the peer closed the connection")
        view = view[got:]
    return data


async def _writable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_writer(sock, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(sock)
