"""Method inference: each documented form with and without its header, and contradictions."""

import pytest

from jobmeter.wire.restli.methods import Method, MethodMismatchError, infer_method

# verb, parameters, key in path, method, whether the header is optional
SHAPES = [
    ("GET", (), True, Method.GET, True),
    ("GET", ("partnerContractId",), True, Method.GET, True),
    ("GET", (), False, Method.GET_ALL, True),
    ("GET", ("ids", "dateRange"), False, Method.BATCH_GET, True),
    ("GET", ("q", "start", "count"), False, Method.FINDER, True),
    ("POST", ("action",), False, Method.ACTION, True),
    ("POST", ("action",), True, Method.ACTION, True),
    ("POST", (), False, Method.CREATE, True),
    ("POST", (), False, Method.BATCH_CREATE, False),
    ("POST", (), True, Method.PARTIAL_UPDATE, True),
    ("POST", ("ids",), False, Method.BATCH_PARTIAL_UPDATE, False),
    ("PUT", (), True, Method.UPDATE, True),
    ("PUT", ("ids",), False, Method.BATCH_UPDATE, True),
    ("DELETE", (), True, Method.DELETE, True),
    ("DELETE", ("ids",), False, Method.BATCH_DELETE, True),
]


@pytest.mark.parametrize(("verb", "parameters", "keyed", "method", "optional"), SHAPES)
def test_the_method_is_inferred_from_the_request(verb, parameters, keyed, method, optional):
    for header in (method.value, method.value.lower(), f" {method.value.title()} "):
        assert infer_method(verb, header, parameters, keyed=keyed) is method
    if optional:
        assert infer_method(verb, None, parameters, keyed=keyed) is method
        assert infer_method(verb, " ", parameters, keyed=keyed) is method


CONTRADICTIONS = [
    ("GET", "create", (), False, "Method 'GET' is not supported with X-RestLi-Method 'CREATE'"),
    ("GET", "batch_get", (), False, "Method 'GET' is not supported with X-RestLi-Method 'BATCH_GET'"),
    ("POST", "finder", ("q",), False, "Method 'POST' is not supported with X-RestLi-Method 'FINDER'"),
    ("POST", "batch_create", (), True, "Method 'POST' is not supported with X-RestLi-Method 'BATCH_CREATE'"),
    ("POST", "create", ("ids",), False, "Method 'POST' is not supported with X-RestLi-Method 'CREATE'"),
    ("POST", None, ("ids",), False, "Method 'POST' is not supported"),
    ("GET", None, ("ids", "q"), False, "Method 'GET' is not supported"),
    ("DELETE", None, (), False, "Method 'DELETE' is not supported"),
    ("PATCH", None, (), True, "Method 'PATCH' is not supported"),
    (
        "GET",
        None,
        ("action",),
        False,
        "All action methods (specified via 'action' in URI) must be submitted as a POST (was GET)",
    ),
]


@pytest.mark.parametrize(("verb", "header", "parameters", "keyed", "text"), CONTRADICTIONS)
def test_a_contradiction_is_refused(verb, header, parameters, keyed, text):
    with pytest.raises(MethodMismatchError) as caught:
        infer_method(verb, header, parameters, keyed=keyed)
    assert caught.value.text == text
