"""What is asked for does not pass the entrance: paths without a route, methods that are refused."""

from __future__ import annotations

from typing import Any

from tests.policies.programs.cases import SERVE, Edit, Ref, broken
from tests.policies.programs.innocents.fronts import READING, behaviour, distribution
from tests.policies.programs.innocents.gates import custom_domain

API = "gateway_with_a_link_to_an_internal_balancer"
REST = "rest_api_before_the_balancer"
WRITES = "edge-passes-writes"
SENDS = "gateway-sends-requests"
FORMS = {"type": "forward", "targetGroupArn": Ref("web", "arn")}


@broken(API, SERVE, SENDS, engine=True)
def gateway_for_the_front_page_only(edit: Edit) -> None:
    edit.set("everything", "routeKey", "GET /")


@broken(API, SERVE, SENDS)
def gateway_for_whatever_is_sent_to_the_front_page(edit: Edit) -> None:
    edit.set("everything", "routeKey", "ANY /")


@broken(API, SERVE, SENDS, advisory=True)
def gateway_for_one_page(edit: Edit) -> None:
    edit.set("everything", "routeKey", "GET /items")


@broken(API, SERVE, WRITES, advisory=True)
def gateway_that_only_reads(edit: Edit) -> None:
    edit.set("everything", "routeKey", "GET /{proxy+}")


@broken(API, SERVE, WRITES)
def gateway_that_takes_no_sign_in(edit: Edit) -> None:
    edit.set("everything", "routeKey", "GET /{proxy+}")
    pages(edit, "http", {"pathPattern": {"values": ["/login", "/logout"]}})


@broken(API, SERVE, SENDS, engine=True)
def name_without_an_api(edit: Edit) -> None:
    custom_domain(edit)


@broken(REST, SERVE, SENDS)
def rest_api_for_the_front_page_only(edit: Edit) -> None:
    edit.drop("any-page", "to-any-page", "pages")


@broken(REST, SERVE, SENDS, advisory=True)
def rest_api_without_its_front_page(edit: Edit) -> None:
    edit.drop("front-page", "to-front-page")


@broken(REST, SERVE, SENDS, advisory=True)
def rest_api_deployed_nowhere(edit: Edit) -> None:
    edit.drop("stage")


def pages(edit: Edit, listener: str, *asked: dict[str, Any]) -> None:
    edit.add(
        "forms",
        "aws:lb/listenerRule:ListenerRule",
        {
            "listenerArn": Ref(listener, "arn"),
            "priority": 5,
            "conditions": list(asked),
            "actions": [FORMS],
        },
    )


def read_only(edit: Edit) -> None:
    distribution(edit, defaultCacheBehavior=behaviour(methods=READING))


@broken("https_with_redirect", SERVE, WRITES, advisory=True)
def cloudfront_that_only_reads(edit: Edit) -> None:
    read_only(edit)


@broken("client_secret_of_the_configuration", SERVE, WRITES, engine=True)
def cloudfront_takes_no_sign_in(edit: Edit) -> None:
    read_only(edit)


@broken("https_with_redirect", SERVE, WRITES)
def cloudfront_takes_no_form(edit: Edit) -> None:
    read_only(edit)
    pages(edit, "https", {"httpRequestMethod": {"values": ["POST"]}})


@broken("https_with_redirect", SERVE, WRITES)
def cloudfront_takes_nothing_of_a_session(edit: Edit) -> None:
    read_only(edit)
    kept = {"type": "lb_cookie", "enabled": True, "cookieDuration": 3600}
    edit.set("web", "stickiness", kept)


@broken("distribution_to_an_internal_balancer", SERVE, WRITES)
def cloudfront_in_the_vpc_takes_no_sign_in(edit: Edit) -> None:
    edit.add(
        "edge",
        "aws:cloudfront/distribution:Distribution",
        {
            "enabled": True,
            "restrictions": {"geoRestriction": {"restrictionType": "none"}},
            "origins": [
                {
                    "originId": "shop",
                    "domainName": Ref("front", "dnsName"),
                    "vpcOriginConfig": {"vpcOriginId": Ref("origin")},
                }
            ],
            "defaultCacheBehavior": behaviour(methods=READING),
            "viewerCertificate": {"cloudfrontDefaultCertificate": True},
        },
    )
    pages(edit, "http", {"pathPattern": {"values": ["/users/sign_in"]}})
