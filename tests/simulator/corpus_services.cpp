#include "simulator/corpus.hpp"

#include "simulator/text.hpp"

#include <array>

namespace simulator {
namespace {

constexpr std::array<std::string_view, 14> kEntities = {"Invoice",
                                                        "Payment",
                                                        "Refund",
                                                        "Customer",
                                                        "Subscription",
                                                        "Discount",
                                                        "TaxRate",
                                                        "Ledger",
                                                        "Statement",
                                                        "Currency",
                                                        "Account",
                                                        "Mandate",
                                                        "CreditNote",
                                                        "Reminder"};

constexpr std::string_view kCsModel = R"(using System;

namespace Contoso.Billing.Models
{
    /// <summary>A {{lower}} as it is stored. Amounts are in minor units.</summary>
    public sealed class {{Entity}} : IEntity
    {
        public Guid Id { get; init; }
        public string Number { get; init; } = string.Empty;
        public long AmountMinor { get; init; }
        public string CurrencyCode { get; init; } = "EUR";
        public DateTimeOffset CreatedAt { get; init; }
        public {{Entity}}Status Status { get; private set; } = {{Entity}}Status.Draft;

        public void Close(DateTimeOffset now)
        {
            if (Status == {{Entity}}Status.Closed)
            {
                throw new InvalidOperationException("{{Entity}} is already closed");
            }
            Status = {{Entity}}Status.Closed;
        }
    }

    public enum {{Entity}}Status { Draft, Open, Closed }
}
)";

constexpr std::string_view kCsRepository = R"(using System;
using System.Threading;
using System.Threading.Tasks;
using Contoso.Billing.Models;

namespace Contoso.Billing.Storage
{
    public interface I{{Entity}}Repository
    {
        Task<{{Entity}}?> FindAsync(Guid id, CancellationToken cancellationToken);
        Task SaveAsync({{Entity}} item, CancellationToken cancellationToken);
    }

    public sealed class Sql{{Entity}}Repository : I{{Entity}}Repository
    {
        private const string SelectById = "SELECT * FROM {{lower}}s WHERE id = @id";
        private readonly IConnectionFactory _connections;

        public Sql{{Entity}}Repository(IConnectionFactory connections) => _connections = connections;

        public async Task<{{Entity}}?> FindAsync(Guid id, CancellationToken cancellationToken)
        {
            await using var connection = await _connections.OpenAsync(cancellationToken);
            // TransientSqlException is retried by the factory, everything else is ours to handle.
            return await connection.QuerySingleOrDefaultAsync<{{Entity}}>(SelectById, new { id });
        }

        public async Task SaveAsync({{Entity}} item, CancellationToken cancellationToken)
        {
            await using var connection = await _connections.OpenAsync(cancellationToken);
            await connection.UpsertAsync(item, cancellationToken);
        }
    }
}
)";

constexpr std::string_view kCsController = R"(using System;
using System.Threading;
using System.Threading.Tasks;
using Contoso.Billing.Storage;
using Microsoft.AspNetCore.Mvc;

namespace Contoso.Billing.Api
{
    [ApiController]
    [Route("api/{{lower}}s")]
    public sealed class {{Entity}}Controller : ControllerBase
    {
        private readonly I{{Entity}}Repository _repository;

        public {{Entity}}Controller(I{{Entity}}Repository repository) => _repository = repository;

        [HttpGet("{id:guid}")]
        public async Task<IActionResult> Get(Guid id, CancellationToken cancellationToken)
        {
            var item = await _repository.FindAsync(id, cancellationToken);
            return item is null ? NotFound() : Ok(item);
        }
    }
}
)";

constexpr std::array<std::string_view, 14> kViews = {"Dashboard",
                                                     "OrderList",
                                                     "OrderDetail",
                                                     "SignIn",
                                                     "Profile",
                                                     "Settings",
                                                     "Search",
                                                     "Cart",
                                                     "Checkout",
                                                     "Help",
                                                     "Audit",
                                                     "Connectors",
                                                     "Teams",
                                                     "Billing"};

constexpr std::string_view kTsView = R"(import { fetchJson, type RequestOptions } from "../api/client";

export interface {{View}}State {
  loading: boolean;
  items: string[];
  error?: string;
}

export const initial{{View}}State: {{View}}State = { loading: false, items: [] };

/** Loads what the {{label}} view shows. A failed load keeps the items that were there. */
export async function load{{View}}(state: {{View}}State, options: RequestOptions = {}): Promise<{{View}}State> {
  try {
    const items = await fetchJson<string[]>("/api/{{label}}", options);
    return { loading: false, items };
  } catch (error) {
    return { ...state, loading: false, error: String(error) };
  }
}
)";

constexpr std::string_view kTsTest = R"(import { describe, expect, it } from "vitest";
import { initial{{View}}State, load{{View}} } from "../src/views/{{label}}";

describe("load{{View}}", () => {
  it("keeps the old items when loading fails", async () => {
    const before = { ...initial{{View}}State, items: ["kept"] };
    const after = await load{{View}}(before, { signal: AbortSignal.abort() });
    expect(after.items).toEqual(["kept"]);
  });
});
)";

constexpr std::array<std::string_view, 10> kStages = {
    "extract", "clean", "join", "enrich", "aggregate", "score", "publish", "verify", "archive", "replay"};

constexpr std::string_view kPyStage =
    R"("""The {{stage}} stage: reads batches, writes batches, keeps no state between runs."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Iterable, Iterator

from pipeline.errors import StageError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class {{Stage}}Options:
    batch_size: int = {{size}}
    strict: bool = False


class {{Stage}}Stage:
    def __init__(self, options: {{Stage}}Options) -> None:
        self._options = options

    def run_{{stage}}(self, rows: Iterable[dict]) -> Iterator[dict]:
        for number, row in enumerate(rows):
            if "id" not in row:
                if self._options.strict:
                    raise StageError(f"{{stage}}: row {number} has no id")
                log.warning("{{stage}}: row %d has no id, skipped", number)
                continue
            yield {**row, "stage": "{{stage}}"}
)";

} // namespace

FileChanges billing_files() {
    FileChanges files;
    for (auto const entity : kEntities) {
        Replacements const values = {{"Entity", std::string(entity)}, {"lower", lower(entity)}};
        std::string const name(entity);
        files["/src/Billing/Models/" + name + ".cs"] = fill(std::string(kCsModel), values);
        files["/src/Billing/Storage/" + name + "Repository.cs"] = fill(std::string(kCsRepository), values);
        files["/src/Billing/Api/" + name + "Controller.cs"] = fill(std::string(kCsController), values);
    }
    files["/src/Billing/Models/IEntity.cs"] =
        "using System;\n\nnamespace Contoso.Billing.Models\n{\n    public interface IEntity\n    {\n        "
        "Guid Id { get; }\n    }\n}\n";
    files["/src/Billing/appsettings.json"] =
        "{\n  \"ConnectionStrings\": { \"Billing\": \"Server=sql;Database=billing\" },\n  \"Retry\": { "
        "\"MaxAttempts\": 5 }\n}\n";
    files["/Billing.sln"] = "Microsoft Visual Studio Solution File, Format Version 12.00\n";
    files["/README.md"] =
        "# Billing service\n\nInvoices, payments and reminders. `dotnet test` runs everything.\n";
    return files;
}

FileChanges portal_files() {
    FileChanges files;
    for (auto const view : kViews) {
        std::string const label = lower(view);
        Replacements const values = {{"View", std::string(view)}, {"label", label}};
        files["/src/views/" + label + ".ts"] = fill(std::string(kTsView), values);
        files["/tests/" + label + ".test.ts"] = fill(std::string(kTsTest), values);
    }
    files["/src/api/client.ts"] =
        "export interface RequestOptions {\n  signal?: AbortSignal;\n  retries?: number;\n}\n\n"
        "export async function fetchJson<T>(path: string, options: RequestOptions = {}): Promise<T> {\n"
        "  const response = await fetch(path, { signal: options.signal });\n"
        "  if (!response.ok) {\n    throw new Error(`request to ${path} failed with ${response.status}`);\n  "
        "}\n"
        "  return (await response.json()) as T;\n}\n";
    files["/package.json"] =
        "{\n  \"name\": \"portal\",\n  \"private\": true,\n  \"scripts\": { \"test\": \"vitest run\" }\n}\n";
    files["/docs/architecture.md"] =
        "# Architecture\n\nViews load through `fetchJson`; no view talks to another.\n";
    files["/docs/Getting-started.md"] = "# Getting started\n\nRun `npm ci`, then `npm test`.\n";
    return files;
}

FileChanges pipeline_files() {
    FileChanges files;
    unsigned size = 100;
    for (auto const stage : kStages) {
        std::string title(stage);
        title[0] = static_cast<char>(title[0] - 'a' + 'A');
        files["/pipeline/stages/" + std::string(stage) + ".py"] =
            fill(std::string(kPyStage),
                 {{"stage", std::string(stage)}, {"Stage", title}, {"size", std::to_string(size)}});
        size += 50;
    }
    files["/pipeline/errors.py"] =
        "class StageError(Exception):\n    \"\"\"A row a stage cannot handle.\"\"\"\n";
    files["/pipeline/__init__.py"] = "";
    files["/pyproject.toml"] =
        "[project]\nname = \"pipeline\"\nversion = \"0.4.0\"\nrequires-python = \">=3.11\"\n";
    files["/README.md"] = "# Data pipeline\n\nTen stages, one module each.\n";
    return files;
}

FileChanges infrastructure_files() {
    FileChanges files;
    for (auto const* name : {"billing", "engine", "portal", "pipeline"}) {
        files["/pipelines/" + std::string(name) + ".yml"] =
            fill("trigger:\n  branches:\n    include: [main]\n\npool:\n  vmImage: ubuntu-24.04\n\nsteps:\n"
                 "  - script: ./build.sh {{name}}\n    displayName: Build {{name}}\n"
                 "  - task: PublishTestResults@2\n    inputs:\n      testResultsFiles: '**/results.xml'\n",
                 {{"name", name}});
        files["/deploy/" + std::string(name) + "/values.yaml"] =
            fill("replicas: 2\nimage: registry.contoso.example/{{name}}:latest\nresources:\n  limits:\n    "
                 "memory: 512Mi\n",
                 {{"name", name}});
    }
    files["/build.sh"] = "#!/bin/sh\nset -eu\necho \"building $1\"\nmake -C \"$1\" all\n";
    files["/docs/on-call.md"] =
        "# On call\n\nPage the owner of the service first. Rollback before root cause.\n";
    return files;
}

FileChanges oddity_files() {
    FileChanges files;
    files["/encodings/utf8_bom.cs"] = "\xEF\xBB\xBF"
                                      "using System;\r\n\r\npublic static class BomSample\r\n{\r\n"
                                      "    // The needle stands after a byte order mark: oddity_needle\r\n   "
                                      " public const int Answer = 42;\r\n}\r\n";
    files["/encodings/crlf.txt"] =
        "first line\r\nsecond line\r\nthird line with oddity_needle\r\nfourth line\r\n";
    std::string utf16 = "\xFF\xFE";
    for (char const c : std::string_view("// UTF-16 source\r\nint oddity_needle = 7;\r\n")) {
        utf16 += c;
        utf16 += '\0';
    }
    files["/encodings/utf16le.h"] = utf16;
    files["/encodings/emoji.md"] = "# Emoji \xF0\x9F\x9A\x80\n\n\xF0\x9F\x98\x80\xF0\x9F\x98\x80 two faces, "
                                   "then oddity_needle, then \xE2\x9C\x85\n";
    files["/encodings/latin1.txt"] = "caf\xE9 in code page 1252, oddity_needle\n";
    files["/encodings/Stra\xC3\x9F"
          "e \xC3\xBC"
          "ber.txt"] = "Gr\xC3\xBC\xC3\x9F"
                       "e: oddity_needle\n";
    files["/encodings/no_newline_at_end.c"] =
        "int last_line_without_newline(void) { return 0; } /* oddity_needle */";
    std::string binary = "\x89PNG\r\n\x1a\n";
    for (int i = 0; i < 4096; ++i) {
        binary += static_cast<char>((i * 37) & 255);
    }
    files["/assets/logo.png"] = binary;
    files["/assets/model.bin"] =
        "version https://git-lfs.github.com/spec/v1\n"
        "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345678\n";
    std::string large =
        "// Generated table.\n#include <cstdint>\n\nextern const std::uint32_t kTable[4096] = {\n";
    for (unsigned i = 0; i < 4096; ++i) {
        large += "    0x" + std::to_string(i * 2654435761U % 100000000U) + "U, // entry " +
                 std::to_string(i) + "\n";
    }
    files["/generated/table.cpp"] = large + "};\n";
    std::string hits;
    for (int i = 1; i <= 250; ++i) {
        hits += "crowded_line(" + std::to_string(i) + ");\n";
    }
    files["/generated/crowded.c"] = hits;
    files["/deep/a/b/c/d/e/f/g/leaf.txt"] = "a leaf far down\n";
    files["/deep/with space/and#hash/100%.txt"] = "a path that must be encoded\n";
    return files;
}

} // namespace simulator
