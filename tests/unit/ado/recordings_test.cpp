#include "ado/classification.hpp"
#include "ado/error_map.hpp"
#include "ado/fetch.hpp"
#include "ado/git_lists.hpp"
#include "ado/projects.hpp"
#include "ado/readers.hpp"
#include "ado/work_items.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>

namespace {

using nlohmann::json;

std::optional<json> recordings() {
    std::ifstream file(ADOMCPD_RECORDINGS);
    if (!file) {
        std::cout << "skipped: no recorded answers at " ADOMCPD_RECORDINGS "\n";
        return std::nullopt;
    }
    return json::parse(file);
}

core::HttpResponse response_of(json const& exchange) {
    json const& body = exchange.at("body");
    core::HttpResponse response = test::make_response(exchange.at("status").get<int>(),
                                                      body.is_string() ? body.get<std::string>() : "");
    for (auto const& [name, value] : exchange.at("headers").items()) {
        response.headers.add(name, value.get<std::string>());
    }
    return response;
}

TEST(Recordings, EveryFailureBecomesAnErrorThatSaysSomething) {
    std::optional<json> const exchanges = recordings();
    if (!exchanges) {
        return;
    }
    int failures = 0;
    for (json const& exchange : *exchanges) {
        core::HttpResponse const response = response_of(exchange);
        if (response.status < 400) {
            EXPECT_TRUE(ado::is_success(response)) << exchange.at("url");
            continue;
        }
        ++failures;
        SCOPED_TRACE(exchange.at("url").get<std::string>());
        core::Error const error =
            ado::map_error(response, ado::ErrorContext(ado::Scope::work_read, "contoso"));
        EXPECT_FALSE(error.message().empty());
        EXPECT_EQ(error.status(), response.status);
        EXPECT_EQ(error.kind() == core::ErrorKind::unauthorized, response.status == 401);
        EXPECT_EQ(error.activity_id(), response.headers.get("ActivityId").value_or(""));
        if (response.status == 503) {
            EXPECT_EQ(error.code(), "TF24668");
        }
    }
    EXPECT_GT(failures, 0);
}

TEST(Recordings, CreatedWorkItemsAndConnectionDataAreRead) {
    std::optional<json> exchanges = recordings();
    if (!exchanges) {
        return;
    }
    int items = 0;
    int users = 0;
    for (json const& exchange : *exchanges) {
        std::string const url = core::to_lower_ascii(exchange.at("url").get<std::string>());
        if (exchange.at("status") != 200 || !exchange.at("body").is_string()) {
            continue;
        }
        if (exchange.at("method") == "POST" && url.find("/_apis/wit/workitems/$") != std::string::npos) {
            auto const item =
                ado::parse_and_read(exchange.at("body").get<std::string>(), 1 << 20, &ado::read_work_item);
            ASSERT_TRUE(item);
            EXPECT_GT(item->id, 0);
            EXPECT_FALSE(item->title.empty());
            EXPECT_FALSE(item->project.empty());
            EXPECT_NE(item->html_url.find("/_workitems/edit/"), std::string::npos);
            ++items;
        }
        if (exchange.at("method") == "GET" && url.find("/_apis/connectiondata") != std::string::npos) {
            auto const who = ado::parse_and_read(
                exchange.at("body").get<std::string>(), 1 << 20, &ado::read_connection_data);
            ASSERT_TRUE(who);
            EXPECT_TRUE(who->authenticated);
            EXPECT_EQ(who->name, "user@example.com");
            ++users;
        }
    }
    EXPECT_GT(items, 0);
    EXPECT_GT(users, 0);
}

TEST(Recordings, ListsOfTheReadingToolsAreRead) {
    std::optional<json> exchanges = recordings();
    if (!exchanges) {
        return;
    }
    int projects = 0;
    int repositories = 0;
    int roots = 0;
    int branches = 0;
    int queries = 0;
    for (json const& exchange : *exchanges) {
        std::string const url = core::to_lower_ascii(exchange.at("url").get<std::string>());
        std::string const path = url.substr(0, url.find('?'));
        if (exchange.at("status") != 200 || !exchange.at("body").is_string()) {
            continue;
        }
        SCOPED_TRACE(url);
        std::string const body = exchange.at("body").get<std::string>();
        bool const get = exchange.at("method") == "GET";
        if (get && path.ends_with("/_apis/projects")) {
            auto const list = ado::parse_and_read(body, 1 << 20, &ado::read_projects);
            ASSERT_TRUE(list);
            EXPECT_FALSE(list->empty());
            ++projects;
        } else if (get && path.ends_with("/_apis/git/repositories")) {
            auto const list = ado::parse_and_read(body, 1 << 20, &ado::read_repositories);
            ASSERT_TRUE(list);
            EXPECT_FALSE(list->empty());
            ++repositories;
        } else if (get && path.ends_with("/_apis/wit/classificationnodes") &&
                   url.find("ids=") == std::string::npos) {
            auto const paths = ado::parse_and_read(body, 1 << 20, &ado::read_classification_roots);
            ASSERT_TRUE(paths);
            EXPECT_FALSE(paths->areas.empty() && paths->iterations.empty());
            ++roots;
        } else if (get && path.ends_with("/refs")) {
            EXPECT_TRUE(ado::parse_and_read(body, 1 << 20, &ado::read_branches));
            ++branches;
        } else if (!get && path.ends_with("/_apis/wit/wiql")) {
            auto const ids = ado::parse_and_read(body, 1 << 20, &ado::read_wiql_ids);
            ASSERT_TRUE(ids);
            EXPECT_FALSE(ids->empty());
            ++queries;
        }
    }
    EXPECT_GT(projects, 0);
    EXPECT_GT(repositories, 0);
    EXPECT_GT(roots, 0);
    EXPECT_GT(branches, 0);
    EXPECT_GT(queries, 0);
}

} // namespace
