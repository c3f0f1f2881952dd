#include "simulator/world_content.hpp"

#include "simulator/corpus.hpp"
#include "simulator/digest.hpp"
#include "simulator/work_item_types.hpp"

namespace simulator {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// Commits have fixed dates, so that their ids are the same in every run.
TimePoint const kEpoch = from_unix(1'767'603'600); // 2026-01-05T09:00:00Z

/// What the simulator knows how to put into an organization.
class Content {
public:
    Content(World& world, Organization& organization, TimePoint now)
        : world_(world), organization_(organization), now_(now) {}

    Project& project(std::string name, std::string process, std::string description) {
        auto& project = organization_.projects.emplace_back();
        std::string const key = organization_.name + "/" + name;
        project.id = guid_from(world_.seed, "project/" + key);
        project.name = std::move(name);
        project.process = std::move(process);
        project.description = std::move(description);
        project.revision = 100 + static_cast<int>(organization_.projects.size());
        project.last_update = kEpoch;
        project.areas = node(key + "/area", project.name, {"Web", "Server"});
        project.areas.children[0].children.push_back(node(key + "/area/Web/Api", "Api", {}));
        project.iterations = node(key + "/iteration", project.name, {"Sprint 1", "Sprint 2", "Sprint 3"});
        return project;
    }

    Repository& repository(Project& project, std::string name) {
        auto& repository = project.repositories.emplace_back();
        repository.id =
            guid_from(world_.seed, "repository/" + organization_.name + "/" + project.name + "/" + name);
        repository.name = std::move(name);
        repository.project = &project;
        return repository;
    }

    /// Main with a believable history, a feature branch and a tag.
    Repository& code(Project& project, std::string name, FileChanges const& files) {
        auto& made = repository(project, std::move(name));
        Author const ada{"Ada Palmer", "ada.palmer@contoso.example"};
        Author const bo{"Bo Nilsson", "bo.nilsson@contoso.example"};
        TimePoint when = kEpoch;
        std::map<std::string, FileChanges> by_folder;
        for (auto const& [path, content] : files) {
            auto const parts = split(path, '/');
            by_folder[parts.size() > 3 ? parts[1] + "/" + parts[2] : ""][path] = content;
        }
        for (auto const& [folder, changes] : by_folder) {
            made.git.commit("main",
                            changes,
                            when < kEpoch + hours(5) ? ada : bo,
                            folder.empty() ? "Start the project" : "Add " + folder,
                            when);
            when += hours(3);
        }
        made.git.tag("v1.0", made.git.branch("main"));
        made.git.commit(
            "feature/streaming-parser",
            {{"/docs/streaming.md", "# Streaming parser\n\nOnly on this branch: streaming_needle.\n"}},
            bo,
            "Sketch the streaming parser",
            when + hours(1),
            "main");
        made.git.commit("main",
                        {{"/CHANGELOG.md", "# Changes\n\n## 1.1\n\n- Fixes after the first release.\n"}},
                        ada,
                        "Keep a change log",
                        when + hours(2));
        made.unindexed_branches = {"feature/streaming-parser"};
        return made;
    }

    void project_wiki(Project& project, FileChanges const& pages) {
        auto& backing = repository(project, project.name + ".wiki");
        backing.default_branch = "wikiMaster";
        backing.is_wiki = true;
        backing.git.commit(
            "wikiMaster", pages, {"Ada Palmer", "ada.palmer@contoso.example"}, "Write the wiki", kEpoch);
        auto& wiki = project.wikis.emplace_back();
        wiki.id = backing.id; // a project wiki's id is also its repository's
        wiki.name = project.name + ".wiki";
        wiki.project = &project;
        wiki.repository = &backing;
        wiki.version = "wikiMaster";
    }

    void code_wiki(Project& project, Repository& repository, std::string name) {
        auto& wiki = project.wikis.emplace_back();
        wiki.id = guid_from(world_.seed, "wiki/" + organization_.name + "/" + name);
        wiki.name = std::move(name);
        wiki.project = &project;
        wiki.repository = &repository;
        wiki.mapped_path = "/docs";
        wiki.version = "main";
        wiki.is_project_wiki = false;
    }

    WorkItem& work_item(Project& project, std::string const& type_name, std::string title, int days_ago) {
        auto const* type = find_work_item_type(project.process, type_name);
        Identity const& author = *organization_.members.front().identity;
        WorkItem item;
        item.project = &project;
        item.type = type->name;
        item.created = now_ - hours(24) * days_ago - minutes(7);
        item.changed = item.created;
        item.indexed_at = item.created;
        item.fields = {{"System.AreaPath", project.name},
                       {"System.IterationPath", project.name},
                       {"System.TeamProject", project.name},
                       {"System.WorkItemType", type->name},
                       {"System.State", type->states.front().name},
                       {"System.Reason", type->initial_reason},
                       {"System.CreatedDate", iso_time(item.created)},
                       {"System.ChangedDate", iso_time(item.changed)},
                       {"System.CreatedBy", author.vss_id},
                       {"System.ChangedBy", author.vss_id},
                       {"System.Title", std::move(title)},
                       {"Microsoft.VSTS.Common.StateChangeDate", iso_time(item.created)}};
        for (auto const& field : type->fields) {
            if (!field.default_value.is_null()) {
                item.fields[field.field->reference_name] = field.default_value;
            }
        }
        item.revisions.push_back(item.fields);
        return organization_.work_items.add(std::move(item));
    }

private:
    ClassificationNode
    node(std::string const& key, std::string name, std::vector<std::string> const& children) {
        ClassificationNode made;
        made.id = next_node_id_++;
        made.identifier = guid_from(world_.seed, "node/" + key);
        made.name = std::move(name);
        for (auto const& child : children) {
            made.children.push_back(node(key + "/" + child, child, {}));
        }
        return made;
    }

    World& world_;
    Organization& organization_;
    TimePoint now_;
    int next_node_id_ = 1500;
};

FileChanges handbook_pages(std::string const& team) {
    return {{"/.order", "Home\nOn-call\nHow-to-build%2Dtest\n"},
            {"/Home.md", "# " + team + " handbook\n\nStart here. See [On-call](/On-call).\n"},
            {"/On-call.md", "# On-call\n\nThe pager rota changes on Mondays. Escalate after 15 minutes.\n"},
            {"/On-call/Runbooks.md",
             "# Runbooks\n\n## Queue is full\n\nDrain the queue, then restart the worker. wiki_needle\n"},
            {"/How-to-build%2Dtest.md", "# How to build-test\n\nRun `./build.sh all`. wiki_needle\n"},
            {"/On-call/What-next%3F.md", "# What next?\n\nWrite the post-mortem within two days.\n"},
            {"/Gr\xC3\xB6\xC3\x9F"
             "e.md",
             "# Gr\xC3\xB6\xC3\x9F"
             "e\n\nUmlauts in titles are fine \xF0\x9F\x98\x80.\n"}};
}

} // namespace

void fill_contoso(World& world, Organization& organization, TimePoint now) {
    Content make(world, organization, now);
    auto& game = make.project("Game Engine", "Agile", "The engine and its tools");
    auto& engine = make.code(game, "engine", engine_files());
    make.code(game, "samples", oddity_files());
    make.project_wiki(game, handbook_pages("Engine"));
    make.code_wiki(game, engine, "engine-docs");
    auto& payments = make.project("Payments", "Scrum", "Invoices and payments");
    auto& billing = make.code(payments, "billing-service", billing_files());
    billing.unindexed_branches.clear();
    billing.indexes_all_branches = true;
    make.code(payments, "portal", portal_files());
    make.repository(payments, "empty-repo");
    make.code(payments, "legacy", infrastructure_files()).disabled = true;
    make.project_wiki(payments, handbook_pages("Payments"));
    auto& basic = make.project("Basics", "Basic", "A small team's board");
    make.code(basic, "pipeline", pipeline_files());

    make.work_item(game, "Bug", "Crash on empty header", 20).fields["Microsoft.VSTS.Common.Priority"] = 1;
    make.work_item(game, "Task", "Write the reconnect test", 12);
    make.work_item(game, "User Story", "As a player I want to reconnect", 9);
    make.work_item(game, "Bug", "Audio stutters after resume", 1);
    make.work_item(payments, "Product Backlog Item", "Send reminders", 30);
    make.work_item(payments, "Bug", "Refund is booked twice", 5);
    make.work_item(basic, "Issue", "Nightly run is late", 3);
    make.work_item(basic, "Task", "Buy more disk", 2).fields["System.Tags"] = "infra; disk";
}

void fill_fabrikam(World& world, Organization& organization, TimePoint now) {
    Content make(world, organization, now);
    auto& fiber = make.project("Fabrikam-Fiber", "Agile", "Broadband for everyone");
    make.code(fiber, "fiber-engine", engine_files());
    make.code(fiber, "web-portal", portal_files());
    auto& sizes = make.project("Gr\xC3\xB6\xC3\x9F"
                               "e und Ma\xC3\x9F",
                               "Basic",
                               "Ein Projekt mit Umlauten");
    make.code(sizes, "infrastruktur", infrastructure_files());
    make.project_wiki(fiber, handbook_pages("Fiber"));
    make.work_item(fiber, "Bug", "Portal shows the wrong plan", 8);
    make.work_item(fiber, "Task", "Renew the certificate", 4);
    make.work_item(sizes,
                   "Issue",
                   "Ma\xC3\x9F"
                   "stab falsch",
                   2);
}

void fill_northwind(World& world, Organization& organization, TimePoint now) {
    Content make(world, organization, now);
    auto& traders = make.project("Traders", "Agile", "The trading platform");
    make.code(traders, "storefront-engine", engine_files());
    make.code(traders, "data-pipeline", pipeline_files());
    auto& operations = make.project("Operations", "Basic", "Keeping it running");
    make.code(operations, "infrastructure", infrastructure_files());
    make.project_wiki(operations, handbook_pages("Operations"));
    make.work_item(traders, "Bug", "Order book drifts", 15);
    make.work_item(traders, "Task", "Raise the cache limit", 6);
    make.work_item(operations, "Task", "Rotate the keys", 3);
}

} // namespace simulator
