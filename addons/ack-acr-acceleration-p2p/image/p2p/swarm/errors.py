"""What can go wrong between peers, and between them and the scheduler."""

from __future__ import annotations


class SwarmError(Exception):
    """Anything that the swarm reports; the message is one line, without secrets."""


class ProtocolError(SwarmError):
    """The other side said something that the contract does not allow."""


class BadTicket(SwarmError):
    """A ticket that is forged, expired, or for somebody or something else."""


class BadOrder(SwarmError):
    """An order whose signature, age or form is wrong."""


class TicketRefused(SwarmError):
    """The scheduler gave no ticket: the origin refused the caller, or the scheduler does not know the origin."""


class SchedulerAway(SwarmError):
    """No scheduler is connected, or it did not answer in time."""
