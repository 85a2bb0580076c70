"""Another client at work: creates an intent, a VNF and a deployment, and takes them away again."""

from typing import Final

from exporter.simulator.resources import new_intent, new_nf, new_vnf
from exporter.simulator.world import Course, World

_LOOK_AGAIN: Final = 30.0

# Shares of a cycle, and the status from then on. Whatever the phase, half a cycle later each of
# them has another status or is gone, so two lists taken then differ.
_INTENT: Final[Course] = ((0.125, "deployed"), (0.625, "deleting"), (0.75, ""))
_VNF: Final[Course] = ((0.04, "Creating"), (0.125, "Running"), (0.625, "Deleting"), (0.75, ""))
_NF: Final[Course] = (
    (0.04, "instantiating"),
    (0.125, "instantiated"),
    (0.625, "terminating"),
    (0.75, ""),
)


def churn(world: World, at: float) -> None:
    """Begin a cycle, and plan the next.

    Args:
        world: Where.
        at: Unix time in seconds at which the cycle begins.
    """
    cycle = world.knobs.churn_seconds
    if cycle <= 0:
        world.agenda.plan(at + _LOOK_AGAIN, lambda then: churn(world, then))
        return
    world.agenda.plan(at + cycle, lambda then: churn(world, then))

    slice_type = ("eMBB", "uRLLC", "mIoT", "balanced")[int(at) % 4]
    intent = new_intent(world, {"bandwidth": 80, "latency": 25, "slice_type": slice_type}, at)
    world.announce_slice(intent["id"], "created", at)
    world.course(world.intents, intent["id"], at, _paced(_INTENT, cycle))

    vnf = new_vnf(
        world,
        {
            "name": f"upf-{intent['id']}",
            "type": "UPF",
            "version": "2.3.1",
            "qos": {"bandwidth": 80, "latency": 25},
            "placement": {"cloud_type": "edge"},
            "image": {"repository": "registry.example/oran/upf", "tag": "2.3.1"},
        },
        at,
    )
    world.course(world.vnfs, vnf["id"], at, _paced(_VNF, cycle))

    manager = next(iter(world.managers.values()), None)
    if manager is not None:
        descriptor = manager.descriptors[0]
        wanted = {
            "name": f"upf-{intent['id']}",
            "nf_deployment_descriptor_id": descriptor["id"],
        }
        deployment = new_nf(world, manager, wanted, at)
        world.course(manager.deployments, deployment["id"], at, _paced(_NF, cycle))


def _paced(course: Course, cycle: float) -> Course:
    return tuple((share * cycle, status) for share, status in course)
