from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.focalist_base.tests.common import PROPERTY

from ..tools.rating import Pool, Prices, Rates, Tier, Usage, rate, spread

PRICE = st.integers(0, 10**6).map(lambda millionths: millionths / 10**6)
PAGES = st.integers(0, 50_000)


@st.composite
def tiers(draw):
    """Tiers without a gap, the last without an end; pages get cheaper or dearer."""
    firsts = [
        1,
        *accumulate(draw(st.lists(st.integers(1, 9_000), max_size=4)), initial=2),
    ]
    firsts = sorted(set(firsts))
    found = [
        Tier(first, following - 1, draw(PRICE)) for first, following in pairwise(firsts)
    ]
    return [*found, Tier(firsts[-1], None, draw(PRICE))]


@st.composite
def usages(draw):
    return [
        Usage(
            number, draw(st.integers(1, 4)), draw(st.sampled_from(["mono", "color"])), n
        )
        for number, n in enumerate(draw(st.lists(PAGES, max_size=8)))
    ]


@tagged("post_install", "-at_install")
class TestRating(BaseCase):
    """The arithmetic alone, with random prices and pages."""

    @given(pages=PAGES, some=tiers())
    @PROPERTY
    def test_p4_a_tiered_price_is_the_sum_of_its_pages(self, pages, some):
        pages = min(pages, 3_000)
        page_by_page = sum(
            next(
                Decimal(str(tier.price))
                for tier in reversed(some)
                if tier.first <= page
            )
            for page in range(1, pages + 1)
        )
        self.assertEqual(self._cost(pages, some), page_by_page)

    @given(pages=PAGES, more=PAGES, some=tiers())
    @PROPERTY
    def test_p4_more_pages_never_cost_less(self, pages, more, some):
        self.assertLessEqual(self._cost(pages, some), self._cost(pages + more, some))

    def _cost(self, pages, some):
        prices = Prices(Rates({}), tiers={"mono": some})
        shares, charges = rate([Usage("key", 1, "mono", pages)], prices)
        cost = sum(Decimal(str(c.price)) * c.quantity for c in charges)
        self.assertEqual(shares["key"].amount, cost)
        return cost

    @given(
        some=usages(),
        included=st.dictionaries(st.sampled_from(["mono", "color"]), PAGES),
        pooled=st.booleans(),
        months=st.fractions(0, 12, max_denominator=31),
        presence=st.dictionaries(
            st.integers(1, 4), st.fractions(0, 1, max_denominator=31)
        ),
    )
    @PROPERTY
    def test_p2_billed_and_included_are_the_pages(
        self, some, included, pooled, months, presence
    ):
        prices = Prices(
            Rates({"mono": 0.01, "color": 0.1}, included),
            of_device={2: Rates({"mono": 0.02}, included)},
            pools=[Pool("pool", frozenset({1, 3}), included)] if pooled else [],
        )
        shares, charges = rate(some, prices, months, presence)
        for usage in some:
            self.assertLessEqual(0, shares[usage.key].included)
            self.assertLessEqual(shares[usage.key].included, usage.pages)
        self.assertEqual(
            sum(charge.quantity for charge in charges)
            + sum(share.included for share in shares.values()),
            sum(usage.pages for usage in some),
        )
        self.assertEqual(
            sum(charge.printed for charge in charges),
            sum(usage.pages for usage in some),
        )
        self.assertEqual(
            sum(share.amount for share in shares.values()),
            sum(Decimal(str(c.price)) * c.quantity for c in charges),
        )

    @given(some=usages(), by_site=st.booleans(), data=st.data())
    @PROPERTY
    def test_p1_the_order_of_devices_changes_no_charge(self, some, by_site, data):
        prices = Prices(Rates({"mono": 0.01, "color": 0.1}, {"mono": 100}))
        other = data.draw(st.permutations(some))

        def rated(order):
            _shares, charges = rate(order, prices, by_site=by_site)
            return sorted((c.meter, c.price, c.quantity) for c in charges)

        self.assertEqual(rated(some), rated(other))

    @given(free=PAGES, pages=st.lists(PAGES, max_size=9))
    @PROPERTY
    def test_p2_shared_pages_are_shared_out(self, free, pages):
        shares = spread(free, pages)
        self.assertEqual(sum(shares), min(free, sum(pages)))
        for share, number in zip(shares, pages, strict=True):
            self.assertLessEqual(share, number)
            if sum(pages):
                exact = Fraction(min(free, sum(pages)) * number, sum(pages))
                self.assertLess(abs(share - exact), 1)

    @given(some=usages(), tiers_=tiers(), data=st.data())
    @PROPERTY
    def test_p4_groups_add_up_to_the_whole(self, some, tiers_, data):
        """Whoever is invoiced apart, pages and amounts are those of all together."""
        prices = Prices(
            Rates({"color": 0.1}, {"color": 30}),
            tiers={"mono": tiers_},
            pools=[Pool("pool", frozenset({1, 2}), {"mono": 100, "color": 50})],
        )
        owners = data.draw(
            st.lists(st.sampled_from("ABC"), min_size=len(some), max_size=len(some))
        )
        apart = [
            replace(usage, group=owner)
            for usage, owner in zip(some, owners, strict=True)
        ]
        _shares, whole = rate(some, prices)
        shares, charges = rate(apart, prices)

        def added(charges):
            sums = {}
            for charge in charges:
                key = charge.meter, charge.price, charge.tier
                sums[key] = sums.get(key, 0) + charge.quantity
            return {key: pages for key, pages in sums.items() if pages}

        self.assertEqual(added(charges), added(whole))
        for owner in "ABC":
            own = [usage for usage in apart if usage.group == owner]
            self.assertEqual(
                sum(c.quantity for c in charges if c.group == owner),
                sum(usage.pages - shares[usage.key].included for usage in own),
            )
            cost = sum(
                (
                    Decimal(str(c.price)) * c.quantity
                    for c in charges
                    if c.group == owner
                ),
                Decimal(0),
            )
            self.assertAlmostEqual(
                sum((shares[usage.key].amount for usage in own), Decimal(0)), cost, 9
            )
