from datetime import timedelta

from focalist_simulator import Fleet, mib
from focalist_simulator.answers import Answers, Tree
from focalist_simulator.catalogue import Row
from focalist_simulator.fleet import EPOCH


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, moment):
        self.now = moment.timestamp()

    def __call__(self):
        return self.now


def test_answers_follow_the_clock():
    fleet = Fleet(devices=3)
    clock = Clock(EPOCH + timedelta(days=5, hours=9, seconds=7))
    answers = Answers(fleet, 60, clock)
    first = answers.tree(1)
    clock.now += 50
    assert answers.tree(1) is first
    clock.now += 10
    later = answers.tree(1)
    uptime = (1, 3, 6, 1, 2, 1, 1, 3, 0)
    assert later.exactly(uptime)[1] - first.exactly(uptime)[1] == 6000


def test_options_describe_the_same_answers():
    fleet = Fleet(devices=5, sites=2, seed=9)
    clock = Clock(EPOCH + timedelta(days=2))
    again = Answers.from_options(Answers.options(fleet, 30))
    again._clock = clock
    one, other = Answers(fleet, 30, clock).tree(4), again.tree(4)
    assert one.exactly(mib.oid("1.3.6.1.2.1.43.5.1.1.17.1")) == other.exactly(
        mib.oid("1.3.6.1.2.1.43.5.1.1.17.1")
    )


def test_the_objects_of_a_tree_in_order():
    tree = Tree([Row((1, 3, 2), mib.INTEGER, 5), Row((1, 3, 10), mib.OCTETS, b"x")])
    assert tree.exactly((1, 3)) is None
    assert tree.exactly((1, 3, 2))[1] == 5
    assert tuple(tree.after((1, 3))[0]) == (1, 3, 2)
    assert tuple(tree.after((1, 3, 2))[0]) == (1, 3, 10)
    assert tree.after((1, 3, 10)) is None
