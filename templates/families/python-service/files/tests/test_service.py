"""The service itself: bodies of all kinds, failures of the code, load. Only the standard library is needed beside it.

    python -m unittest discover tests        # where the packages of lockfiles/ are installed

`twinbuild family test` runs it in the image.
"""

import asyncio
import io
import json
import logging
import os
import sys
import threading
import unittest
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
if (HERE.parent / "app" / "service").is_dir():  # in the project; in the image the service is in the current directory
    sys.path.insert(0, str(HERE.parent / "app"))
sys.path.insert(0, str(HERE))
FILES = sorted((HERE.parent / "model").glob("*"))
for name, value in {
    "BATCH_LIMIT": "64",
    "DECISION_THRESHOLD": "0.5",
    "LOG_LEVEL": "info",
    "MODEL_PATH": str(FILES[0] if len(FILES) == 1 else HERE.parent / "model"),
    "MODEL_VERSION": "1.0.0",
    "THREADS": "1",
}.items():
    os.environ.setdefault(name, value)

import examples  # noqa: E402
from service import main  # noqa: E402

LIMIT = int(os.environ["BATCH_LIMIT"])


async def ask(method: str, path: str, body: bytes = b"", *, part: int = 1 << 16) -> tuple[int, str]:
    """Status and text of an answer, without a socket."""
    parts = [body[at : at + part] for at in range(0, len(body), part)] or [b""]
    sent = []

    async def receive():
        if not parts:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "client": None, "server": None,
        "headers": [(b"content-type", b"application/json")],
    }  # fmt: skip
    await main.app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]).decode()


def predict(instances: object) -> tuple[int, str]:
    """The answer for instances that JSON can say."""
    return asyncio.run(ask("POST", "/predict", json.dumps({"instances": instances}).encode()))


def metric(line: str) -> float:
    """The value of a series of /metrics; 0 where it is not there."""
    _, text = asyncio.run(ask("GET", "/metrics"))
    return next((float(each.split()[-1]) for each in text.splitlines() if each.startswith(f"{line} ")), 0.0)


class Bodies(unittest.TestCase):
    """Whatever is sent is answered with the right status, and never with what was sent."""

    def test_edges(self) -> None:
        """Instances at the edge of what the data schema allows are predicted, alone and together."""
        for instances in ([examples.GOOD], *([each] for each in examples.EDGES), examples.EDGES):
            with self.subTest(instances=instances):
                status, text = predict(instances)
                self.assertEqual(status, 200, text)
                self.assertEqual(len(json.loads(text)["predictions"]), len(instances))

    def test_batches(self) -> None:
        """As many instances as the knob says, and not one more; not none."""
        self.assertEqual(predict([examples.GOOD] * LIMIT)[0], 200)
        self.assertEqual(predict([examples.GOOD] * (LIMIT + 1))[0], 422)
        self.assertEqual(predict([])[0], 422)

    def test_wrong_instances(self) -> None:
        """What is of another type or size is refused, also behind one that is right."""
        for instance in examples.WRONG:
            with self.subTest(instance=instance):
                self.assertEqual(predict([examples.GOOD, instance])[0], 422)

    def test_bodies(self) -> None:
        """What is no such document is the client's fault: an answer in JSON that repeats nothing of it."""
        good = json.dumps(examples.GOOD)
        for body in (
            b"", b"null", b"[]", b"{", b"\xff\xfe", b'"secret"', b"[" * 100_000, b"9" * 5000,
            b'{"instances": [[NaN, 0, 0, 0]]}', b'{"instances": [[1e999, 0, 0, 0]]}', b'{"instances": [NaN]}',
            b'{"instances": ["\\ud800"]}', b'{"instances": [[-Infinity, 0, 0, 0]]}', b'{"\\ud800secret": 1}',
            b'{"instances": [[1' + b"0" * 400 + b", 0, 0, 0]]}", b'{"instances": {"secret": 1}}',
            f'{{"instances": [{good}], "secret": 1}}'.encode(),
        ):  # fmt: skip
            with self.subTest(body=body[:60]):
                status, text = asyncio.run(ask("POST", "/predict", body))
                self.assertIn(status, (400, 422))
                self.assertIn("detail", json.loads(text))
                self.assertNotIn("NaN", text)
                self.assertLess(len(text), 10_000)

    def test_a_large_body(self) -> None:
        """413, and no more of it is read than allowed; its length need not be stated."""
        status, text = asyncio.run(ask("POST", "/predict", b" " * (5 << 20)))
        self.assertEqual(status, 413, text)


class Watched(unittest.TestCase):
    """What operators see of it."""

    def test_a_failure_of_the_code(self) -> None:
        """It is an answer 500 without a trace of the code, counted, and logged with the exception."""
        before = metric('service_request_errors_total{path="/predict"}')
        stream = io.StringIO()
        (handler,) = logging.getLogger().handlers
        with mock.patch.object(main.model, "predict", side_effect=RuntimeError("broken")):
            older = handler.setStream(stream)
            try:
                status, text = predict([examples.GOOD])
            finally:
                handler.setStream(older)
        self.assertEqual((status, json.loads(text)), (500, {"detail": "internal error"}))
        self.assertEqual(metric('service_request_errors_total{path="/predict"}'), before + 1)
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        self.assertTrue(any("RuntimeError: broken" in line.get("exception", "") for line in lines))
        self.assertEqual([line["status"] for line in lines if line["message"] == "request"], [500])
        self.assertTrue(all({"image", "release"} <= line.keys() for line in lines))

    def test_probes_are_not_counted(self) -> None:
        """Or they would hide what clients see."""
        asyncio.run(ask("GET", "/healthz"))
        self.assertEqual(metric('service_request_seconds_count{path="/healthz"}'), 0)
        predict([examples.GOOD])
        self.assertGreater(metric('service_request_seconds_count{path="/predict"}'), 0)

    def test_which_release_it_is(self) -> None:
        """Every process says it."""
        _, text = asyncio.run(ask("GET", "/metrics"))
        self.assertIn("twinbuild_release_info{image=", text)

    def test_probes_while_every_thread_predicts(self) -> None:
        """The process is alive and says so, however much is asked of the model."""

        async def crowded() -> int:
            requests = [
                asyncio.create_task(ask("POST", "/predict", json.dumps({"instances": [examples.GOOD]}).encode()))
                for _ in range(60)
            ]
            self.assertTrue(await asyncio.to_thread(full.wait, 30))
            status, _ = await asyncio.wait_for(ask("GET", "/healthz"), 20)
            free.set()
            await asyncio.gather(*requests)
            return status

        free, full, waiting, counting = threading.Event(), threading.Event(), 0, threading.Lock()
        real = main.model.predict

        def slow(instances):
            nonlocal waiting
            with counting:
                waiting += 1
                if waiting == 40:  # as many threads as Starlette has for handlers that are no coroutines
                    full.set()
            free.wait(60)
            return real(instances)

        with mock.patch.object(main.model, "predict", side_effect=slow):
            try:
                self.assertEqual(asyncio.run(crowded()), 200)
            finally:
                free.set()


if __name__ == "__main__":
    unittest.main()
