"""Views of product pages, and price changes that must show on both replicas."""

from http import HTTPStatus

from loadtests import Answer, OpenUser, Regular, Visit

OFFERS = [(product, currency) for product in range(1, 17) for currency in ("EUR", "USD")]
EIGHTS = [OFFERS[first : first + 8] for first in range(0, len(OFFERS), 8)]
WEIGHTS = [1 / rank for rank in range(1, len(OFFERS) + 1)]
UNKNOWN = [(product, "EUR") for product in range(901, 905)]
CATALOGS = ("http://catalog-1:8000", "http://catalog-2:8000")
PRICING = "http://pricing:8000"


class Shopper(OpenUser):
    """View pages from links in e-mails, change prices, and check that each change shows."""

    abstract = True
    targets = CATALOGS
    arrivals = Regular()
    time_limit = 3.0
    tallies = ("wrong_currency", "not_found", "to_show", "shown")

    def look(self, visit: Visit, offer: tuple[int, str], catalog: str | None = None) -> Answer:
        """View a page; it must carry its price's receipt and be in the requested currency."""
        product, currency = offer
        answer = visit.get(f"/products/{product}?currency={currency}&mail={visit.random.random()}", target=catalog)
        shown = str(answer.body.get("currency"))
        if answer.succeeded and visit.vouched(answer, str(product), shown, str(answer.body.get("version"))):
            visit.tally("wrong_currency", shown != currency)
        visit.tally("not_found", answer.status == HTTPStatus.NOT_FOUND)
        return answer

    def change(self, visit: Visit, offers: list[tuple[int, str]], how: str = "") -> Answer:
        """Change the prices of these offers."""
        return visit.post(f"/changes{how}", [{"product": p, "currency": c} for p, c in offers], target=PRICING)

    def look_for(self, visit: Visit, changed: Answer) -> None:
        """View the changed pages on each replica two seconds later, when the change must show."""
        visit.pause(2.0, since=changed.at)
        for priced in changed.body.get("changed", []):
            for catalog in CATALOGS:
                answer = self.look(visit, (priced["product"], priced["currency"]), catalog)
                visit.tally("to_show")
                visit.tally("shown", answer.succeeded and answer.body.get("version") == priced["version"])


class View(Shopper):
    """Visitors: a few pages get most of the views."""

    def visit(self, visit: Visit) -> None:
        """View a random page."""
        self.look(visit, visit.random.choices(OFFERS, WEIGHTS)[0])


class Sweep(Shopper):
    """A crawler that views all pages in turn."""

    def visit(self, visit: Visit) -> None:
        """View the next page."""
        self.look(visit, OFFERS[visit.number % len(OFFERS)])


class Unknown(Shopper):
    """Visitors that follow old links to products that are not sold any more."""

    def visit(self, visit: Visit) -> None:
        """View a product that is not sold; the answer must be 404."""
        self.look(visit, visit.random.choice(UNKNOWN))


class Change(Shopper):
    """Price changes, one at a time."""

    def visit(self, visit: Visit) -> None:
        """Change a price, and check that both replicas show it."""
        self.look_for(visit, self.change(visit, [OFFERS[visit.number * 5 % len(OFFERS)]]))


class Import(Shopper):
    """Imports that clear the cache, and change eight prices while both replicas compute their pages."""

    arrivals = Regular(jitter=0.02)

    def visit(self, visit: Visit) -> None:
        """Clear the cache, view eight pages on each replica, and change their prices 30 ms later."""
        offers = EIGHTS[visit.number % len(EIGHTS)]
        visit.post("/clearings", {}, target=PRICING)

        asks = iter([*((offer, catalog) for offer in offers for catalog in CATALOGS), None])

        def ask() -> Answer:
            if view := next(asks):
                return self.look(visit, *view)
            visit.pause(0.03)
            return self.change(visit, offers)

        self.look_for(visit, visit.volley(2 * len(offers) + 1, ask)[-1])


class Unheard(Shopper):
    """Price changes at the moment when the connections of all subscribers are lost."""

    def visit(self, visit: Visit) -> None:
        """View eight pages, and change their prices unheard."""
        # Not those of the imports before, whose new prices are still being checked.
        offers = EIGHTS[-1 - visit.number % len(EIGHTS)]
        for offer in offers:
            self.look(visit, offer)
        self.look_for(visit, self.change(visit, offers, "?unheard=true"))


class Hot(Shopper):
    """Crowds that view one page at the moment when the cache is cleared."""

    def visit(self, visit: Visit) -> None:
        """Clear the cache, and view the page 30 times at once."""
        visit.post("/clearings", {}, target=PRICING)
        visit.volley(30, lambda: self.look(visit, OFFERS[0]))
