# SPDX-License-Identifier: Apache-2.0
"""What README, tutorial and how-tos show works as they show it: the DAG, its denial, every command."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
import yaml

from airflow_xborder.adapters.object_stores.opening import open_store
from airflow_xborder.adapters.signers.ed25519 import load_signer
from airflow_xborder.authoring.loading import load_policies, shipped_folder, shipped_ids
from airflow_xborder.core.graph import ComplianceGraph
from airflow_xborder.demo.data import load_people
from airflow_xborder.demo.deployment import make_catalog
from airflow_xborder.demo.postgres import PostgresServer
from airflow_xborder.demo.processes import environment_without
from airflow_xborder.demo.s3 import ACCESS_KEY, SECRET_KEY, S3Endpoint
from airflow_xborder.services.release import build_release, publish
from tests.tools import programs
from tests.tools.dag_runs import Result, Site
from tests.tools.servers import OpaServer
from tests.tools.snippets import Ran, blocks, missing_line, run_page, run_within

pytestmark = [pytest.mark.integration, pytest.mark.limit(300)]

ROOT = Path(__file__).parents[2]
README, DOCS = ROOT / "README.md", ROOT / "docs"
DAG = "example_transfer_blocked"
SOURCE = (ROOT / "dags" / f"{DAG}.py").read_text()
LIMIT = 120


class DemoSite(Site):
    """The catalog and the packs of the demo, with ledgers in folders."""

    def publish(self) -> None:
        policies = load_policies([*shipped_ids(), str(ROOT / "policies" / "examples" / "company.acme.yaml")])
        store = open_store(str(self.folder / "release"))
        release = build_release(policies, self.catalog)
        publish(store, release, load_signer(self.keys / "release"), datetime.now(timezone.utc))


def databases(servers: Mapping[str, PostgresServer]) -> tuple[dict[str, str], dict[str, str]]:
    """Make the databases of the example, the European one with people in it; return their names and connections."""
    names = {"appdb": f"readme_{uuid4().hex[:8]}", "partnerdb": f"readme_{uuid4().hex[:8]}"}
    connections = {}
    for connection, region, database in (("pg_eu", "eu", "appdb"), ("pg_us_partner", "us", "partnerdb")):
        name = names[database]
        address = servers[region].create_database(name, owner=f"{name}_owner", password="secret")
        connections[f"AIRFLOW_CONN_{connection.upper()}"] = address.replace("postgresql:", "postgres:", 1)
        with servers[region].connect() as session:
            session.execute(f"ALTER DATABASE {name} SET xborder.region = '{region}'".encode())
            if region == "eu":
                import psycopg

                with psycopg.connect(address, autocommit=True) as owner:
                    load_people(owner, count=20)
    return names, connections


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Future[list[Ran]]]:
    """The tutorial on its way: it starts Airflow three times, so other DAGs run beside it."""
    folder = tmp_path_factory.mktemp("tutorial")
    # Making Airflow's database takes ten seconds; where one was made before, only the migration is run on it.
    made = programs.cache() / f"airflow-{version('apache-airflow-core')}.db"
    (folder / "airflow").mkdir()
    if made.exists():
        shutil.copy(made, folder / "airflow" / "airflow.db")
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(run_page, DOCS / "tutorial.md", folder, environment(folder), 240)


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_servers: dict[str, PostgresServer],
    tutorial: Future[list[Ran]],
) -> Site:
    names, connections = databases(postgres_servers)
    text = json.dumps(make_catalog(postgres_servers))
    for database, name in names.items():
        text = text.replace(f"/{database}", f"/{name}")
    catalog = json.loads(text)
    for region in catalog["regions"].values():
        region["ledger"] = "memory://"
    return DemoSite(tmp_path_factory.mktemp("readme"), catalog=catalog, env=connections).make()


@pytest.fixture(scope="module")
def result(site: Site) -> Result:
    """The DAG of the README, and the same under another name with its gate marked "success" by hand."""
    site.write("blocked.py", SOURCE)
    site.write("bypassed.py", SOURCE.replace(DAG, "bypassed"))
    return site.run(DAG, {"dag": "bypassed", "marked": "gate"})


def without_words(source: str) -> str:
    """Return a program without its docstrings and comments, and without what only older Pythons need."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    tree.body = [
        node for node in tree.body if not (isinstance(node, ast.ImportFrom) and node.module == "__future__")
    ]
    return ast.unparse(tree)


class TestDag:
    def test_the_readme_shows_the_example(self):
        (shown,) = [block for block in blocks(README) if block.language == "python"]
        assert without_words(shown.text) == without_words(SOURCE)

    def test_it_is_denied_at_the_first_try_and_nothing_follows(self, result):
        assert result.errors == {}
        assert result.task(DAG, "gate") == ("failed", 1)
        assert result.task(DAG, "transfer")[0] == "upstream_failed"

    def test_the_log_has_the_denial_word_for_word(self, result):
        (shown,) = [block for block in blocks(README) if block.language == "text"]
        assert shown.text in result.output.replace("legal advice [", "legal advice\n[")

    def test_a_gate_that_was_marked_by_hand_lets_nothing_through(self, site, result, postgres_servers):
        assert result.task("bypassed", "gate")[0] == "success"
        assert result.task("bypassed", "transfer") == ("failed", 1)
        assert "started" not in site.phases("eu", "bypassed", "transfer")
        partner = site.env["AIRFLOW_CONN_PG_US_PARTNER"].rpartition("/")[2]
        with postgres_servers["us"].connect(partner) as connection:
            assert connection.execute("select to_regclass('public.people')").fetchone() == (None,)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment in which a page's commands run: ours, without what other tests have set."""
    (folder / "home").mkdir()
    return {
        **environment_without("AIRFLOW", "AWS_", "XDG_"),
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder / "home"),
        "no_proxy": "127.0.0.1,localhost",
        **more,
    }


def require_as_shown(ran: list[Ran]) -> None:
    """Fail unless every block ended, and printed, as its page says."""
    assert ran
    for one in ran:
        told = f"line {one.block.line}: {one.block.text}\n{one.output[-4000:]}"
        assert one.code == one.expected, told
        assert one.missing() is None, f"not printed: {one.missing()}\n{told}"


@pytest.fixture(scope="module")
def bucket(site: Site, result: Result, s3_endpoints: dict[str, S3Endpoint]) -> dict[str, str]:
    """The ledger of the run in the README's bucket, a bucket for its release, and how to reach both."""
    endpoint = s3_endpoints["eu"]
    for name in ("acme-ledger-eu", "my-policies"):
        if not any(found["Name"] == name for found in endpoint.client().list_buckets()["Buckets"]):
            endpoint.create_bucket(name)
    for event in site.events("eu"):
        endpoint.client().put_object(Bucket="acme-ledger-eu", Key=event.object_name, Body=event.to_bytes())
    return {
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_REGION": endpoint.region,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    }


class TestReadmeCommands:
    def command(self, word: str) -> str:
        (text,) = [block.text for block in blocks(README) if block.language == "sh" and word in block.text]
        return text

    def run(self, command: str, folder: Path, **more: str) -> tuple[int, str]:
        return run_within(["bash", "-ec", command], environment(folder, **more), folder, LIMIT)

    def test_decide_answers_the_readmes_flow(self, tmp_path):
        code, output = self.run(self.command("xborder decide"), tmp_path)
        assert code == 1
        assert "DENY  DE → US\n  - GDPR Art. 44 is not met" in output

    def test_publish_puts_the_release_into_the_bucket(self, tmp_path, bucket):
        shutil.copy(catalog_of_the_reference(tmp_path), tmp_path / "catalog.yaml")
        command = self.command("xborder policy publish") + "env | grep XBORDER"
        code, output = self.run(command, tmp_path, **bucket)
        assert code == 0, output
        assert "in force at s3://my-policies/release" in output
        assert f"AIRFLOW__XBORDER__RELEASE_KEY={tmp_path}/release.key.pub" in output

    def test_verify_checks_a_folder_and_a_bucket(self, tmp_path, site, result, bucket):
        key, ledger = site.keys / "eu.seal", tmp_path / ".demo" / "ledger" / "eu"
        shutil.copytree(site.ledger("eu"), ledger)
        (tmp_path / ".demo" / "keys").mkdir()
        shutil.copy(f"{key}.pub", tmp_path / ".demo" / "keys" / "eu.pub")
        seals = [
            f"xborder ledger seal {place} --region eu --signing-key {key}"
            for place in (ledger, "s3://acme-ledger-eu/")
        ]
        code, output = self.run(
            "\n".join([*seals, self.command("xborder ledger verify")]), tmp_path, **bucket
        )
        assert code == 0, output
        assert missing_line('intact\n{…"intact": true', output) is None


def catalog_of_the_reference(folder: Path) -> Path:
    """Write the catalog that the reference shows into a file."""
    (text,) = [b.text for b in blocks(DOCS / "reference" / "catalog.md") if b.language == "yaml"]
    path = folder / "reference.yaml"
    path.write_text(text)
    return path


def test_the_catalog_of_the_reference_is_one(tmp_path):
    argv = [
        sys.executable,
        "-m",
        "airflow_xborder",
        "catalog",
        "lint",
        str(catalog_of_the_reference(tmp_path)),
    ]
    code, output = run_within(argv, environment(tmp_path), tmp_path, LIMIT)
    assert (code, output) == (0, "2 regions, 2 stores, 1 data sets\n")


def test_the_tutorial_works(tutorial):
    require_as_shown(tutorial.result())


@pytest.mark.parametrize("page", ["write-a-policy", "publish-policies", "keep-the-law-current"])
def test_the_how_to_works(tmp_path, page):
    require_as_shown(run_page(DOCS / "how-to" / f"{page}.md", tmp_path, environment(tmp_path), LIMIT))


class TestWorkedExamples:
    PAGE = DOCS / "explanation" / "worked-examples.md"

    def test_the_answers_are_those_that_are_printed(self, tmp_path):
        require_as_shown(run_page(self.PAGE, tmp_path, environment(tmp_path), LIMIT))

    def test_the_graphs_are_cut_from_that_of_the_packs(self):
        graph = ComplianceGraph(load_policies())
        real = {
            (edge.source.kind, edge.source.id, edge.kind, edge.target.kind, edge.target.id)
            for edge in graph.edges
        }
        graphs = [block.text for block in blocks(self.PAGE) if block.language == "mermaid"]
        assert len(graphs) == 5
        for text in graphs:
            nodes = {
                name: (kind, label) for name, label, kind in re.findall(r'(n\d+)\["(.+)"\]:::(\w+)', text)
            }
            edges = re.findall(r"(n\d+) -->\|(.+)\| (n\d+)", text)
            assert {(*nodes[source], kind, *nodes[target]) for source, kind, target in edges} <= real
            assert nodes.keys() == {name for source, _, target in edges for name in (source, target)}

    def test_each_flow_is_a_case_beside_the_packs_with_the_same_answer(self):
        expected: dict[str, set[str]] = {}
        for path in shipped_folder().glob("*.cases.yaml"):
            document = yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            for case in document["cases"]:
                if case.get("as_of", document["as_of"]) in self.DAYS:
                    told = expected.setdefault(canonical(case["flow"]), set())
                    told.add(case["expect"].get("outcome"))
        shown, flows = self.shown(), self.flows()
        assert shown.keys() == flows.keys()
        for name, flow in flows.items():
            assert expected.get(canonical(flow)) == {shown[name]}, name

    # Nothing of these examples changed between the days of the cases and that of the page.
    DAYS = (date(2026, 11, 21), date(2026, 11, 24))

    def flows(self) -> dict[str, Any]:
        """Return the flows of the page by the names of their files."""
        found = [block.text for block in blocks(self.PAGE) if block.language == "yaml"]
        return {text.split("\n")[0].removeprefix("# "): yaml.safe_load(text) for text in found}

    def shown(self) -> dict[str, str]:
        """Return the outcome that the page shows for each file."""
        text = self.PAGE.read_text()
        answer = re.compile(r"^xborder decide .* (\S+\.yaml).*\n```\n\n```text\n([A-Z]+) ", re.MULTILINE)
        return {name: outcome.lower() for name, outcome in answer.findall(text)}


def canonical(flow: Any) -> str:
    """Return a flow as a text that is equal for equal flows."""
    return json.dumps(flow, sort_keys=True, default=str)


class TestOpa:
    PAGE = DOCS / "how-to" / "connect-opa.md"

    def test_the_policy_that_is_shown_is_the_shipped_one(self):
        (shown,) = [block.text for block in blocks(self.PAGE) if block.language == "rego"]
        shipped = (ROOT / "policies" / "rego" / "crossborder.rego").read_text()
        assert missing_line(shown, shipped) is None

    def test_the_call_answers_true(self, tmp_path, opa_server: OpaServer):
        opa_server.put_policy("crossborder", (ROOT / "policies" / "rego" / "crossborder.rego").read_text())
        if shutil.which("curl") is None:
            assert self.sent_without_curl(opa_server) == b'{"result":true}'
            return
        page = tmp_path / "page.md"
        page.write_text(self.PAGE.read_text().replace("http://localhost:8181/v1", f"{opa_server.url}/v1"))
        require_as_shown(run_page(page, tmp_path, environment(tmp_path), LIMIT))

    def sent_without_curl(self, server: OpaServer) -> bytes:
        """Send what the command on the page would, on a machine that has no curl."""
        (command,) = [block.text for block in blocks(self.PAGE) if block.text.startswith("curl ")]
        _, _, url, _, header, _, data = shlex.split(command.replace("\\\n", ""))
        name, _, value = header.partition(": ")
        address = url.replace("http://localhost:8181", server.url)
        answer = requests.post(address, data=data.encode(), headers={name: value}, timeout=10)
        return answer.content.strip()
