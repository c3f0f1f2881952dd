#include "server/commands/audit.hpp"
#include "server/commands/call.hpp"
#include "server/commands/check.hpp"
#include "server/commands/connectors.hpp"
#include "server/commands/doctor.hpp"
#include "server/commands/exit_codes.hpp"
#include "server/commands/key.hpp"
#include "server/commands/login.hpp"
#include "server/commands/pat.hpp"
#include "server/commands/process_privacy.hpp"
#include "server/commands/serve.hpp"
#include "server/commands/stdio.hpp"
#include "server/commands/store.hpp"
#include "server/commands/token.hpp"
#include "server/commands/version.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <functional>
#include <optional>
#include <string>

#include <sys/stat.h>

namespace {

/// What the command line said; the command that was named runs after all of it was read.
class CommandLine {
public:
    CommandLine() {
        app_.require_subcommand(0, 1);
        add_config(app_);
        // Without a command the daemon runs.
        run_ = [this] {
            server::ServeOptions options;
            options.config = config_;
            return server::run_serve(options);
        };
        add_serve();
        add_stdio();
        add_login();
        add_pat();
        add_token();
        add_connectors();
        add_doctor();
        add_key();
        add_audit();
        add_store();
        add_check();
        add_call();
        add_version();
    }

    int parse_and_run(int argc, char** argv) {
        try {
            app_.parse(argc, argv);
        } catch (CLI::ParseError const& e) {
            return app_.exit(e) == 0 ? server::kExitDone : server::kExitUsage;
        }
        return run_();
    }

private:
    CLI::App*
    add(CLI::App& parent, std::string const& name, std::string const& description, std::function<int()> run) {
        CLI::App* command = parent.add_subcommand(name, description);
        command->callback([this, run = std::move(run)] { run_ = run; });
        return command;
    }
    void add_config(CLI::App& command) {
        command.add_option(
            "--config",
            config_,
            "Configuration file; else $ADO_MCPD_CONFIG, else /etc/ado-mcpd/config.yaml, else the "
            "built-in defaults");
    }
    void add_json(CLI::App& command) { command.add_flag("--json", json_, "JSON on stdout"); }

    void add_stdio() {
        CLI::App* command =
            add(app_, "stdio", "One MCP server on standard input and output, for a desktop client", [this] {
                server::StdioOptions options;
                options.config = config_;
                return server::run_stdio(options);
            });
        add_config(*command);
    }
    void add_serve() {
        CLI::App* command = add(app_, "serve", "Run the daemon (the default)", run_);
        add_config(*command);
    }
    void add_login() {
        CLI::App* command = add(app_, "login", "Sign a person in and store the grant", [this] {
            login_.config = config_;
            return server::run_login(login_);
        });
        add_config(*command);
        command->add_option("--organization", login_.organization, "Organization, a name or a URL")
            ->required();
        command->add_option("--tenant", login_.tenant, "Tenant to sign in to; else found out");
        command->add_flag("--device-code", login_.device_code, "Sign in on another device with a code");
    }
    CLI::App* add_pat_command(CLI::App& parent,
                              std::string const& name,
                              std::string const& description,
                              int (*run)(server::PatOptions const&)) {
        CLI::App* command = add(parent, name, description, [this, run] {
            pat_.config = config_;
            pat_.json = json_;
            return run(pat_);
        });
        add_config(*command);
        return command;
    }
    void add_pat() {
        CLI::App* pat = app_.add_subcommand("pat", "Stored personal access tokens");
        pat->require_subcommand(1);
        add_config(*pat);
        CLI::App* set = add_pat_command(
            *pat, "set", "Store a PAT, read from stdin or a prompt; it is tried first", &server::run_pat_set);
        set->add_option("--organization", pat_.organization, "Organization, a name or a URL")->required();
        set->add_option("--expires", pat_.expires, "When it ends: 2027-03-01, or a span from now as 90d");
        set->add_flag("!--no-verify", pat_.verify, "Store it without trying it on the organization");
        CLI::App* list =
            add_pat_command(*pat, "list", "Stored PATs, never the tokens", &server::run_pat_list);
        list->add_option("--organization", pat_.organization, "Only of this organization");
        add_json(*list);
        CLI::App* remove = add_pat_command(*pat, "remove", "Forget a stored PAT", &server::run_pat_remove);
        remove->add_option("--organization", pat_.organization, "Organization, a name or a URL")->required();
    }
    CLI::App* add_token_command(CLI::App& parent,
                                std::string const& name,
                                std::string const& description,
                                int (*run)(server::TokenOptions const&)) {
        CLI::App* command = add(parent, name, description, [this, run] {
            token_.config = config_;
            token_.json = json_;
            return run(token_);
        });
        add_config(*command);
        return command;
    }
    void add_token() {
        CLI::App* token = app_.add_subcommand("token", "Agent tokens for calls to this daemon");
        token->require_subcommand(1);
        add_config(*token);
        CLI::App* create =
            add_token_command(*token, "create", "Make a token; it is shown once", &server::run_token_create);
        create->add_option("--name", token_.name, "What it is for")->required();
        create->add_option("--role", token_.role, "reader, user or administrator")
            ->required()
            ->check(CLI::IsMember({"reader", "user", "administrator"}));
        create->add_option(
            "--expires", token_.expires, "When it ends: a span from now as 90d, or 2027-03-01; else never");
        add_json(*create);
        CLI::App* rotate = add_token_command(*token,
                                             "rotate",
                                             "Make a token that takes another's place; it is shown once",
                                             &server::run_token_rotate);
        rotate->add_option("name", token_.name, "Name of the token")->required();
        rotate->add_option(
            "--overlap", token_.overlap, "How long the old one goes on working: 24h, 7d, or 0");
        rotate->add_option(
            "--expires", token_.expires, "When the new one ends; else after as long as the old one");
        add_json(*rotate);
        add_json(*add_token_command(*token, "list", "Tokens, never their secrets", &server::run_token_list));
        CLI::App* revoke = add_token_command(*token, "revoke", "End a token", &server::run_token_revoke);
        revoke->add_option("id", token_.id, "Its id, or its name")->required();
    }
    void add_connectors() {
        CLI::App* connectors = app_.add_subcommand("connectors", "Connectors to organizations");
        connectors->require_subcommand(1);
        add_config(*connectors);
        CLI::App* list = add(*connectors, "list", "Connectors and how they stand", [this] {
            connectors_.config = config_;
            connectors_.json = json_;
            return server::run_connectors_list(connectors_);
        });
        add_config(*list);
        add_json(*list);
        CLI::App* test = add(*connectors, "test", "Walk every leg to an organization", [this] {
            connectors_.config = config_;
            connectors_.json = json_;
            return server::run_connectors_test(connectors_);
        });
        add_config(*test);
        add_json(*test);
        test->add_option("name", connectors_.name, "Of one connector; else all");
    }
    void add_doctor() {
        CLI::App* doctor = add(app_, "doctor", "Look for what is wrong, and say how to mend it", [this] {
            doctor_.config = config_;
            doctor_.json = json_;
            return server::run_doctor(doctor_);
        });
        add_config(*doctor);
        add_json(*doctor);
        doctor->add_option(
            "--organization", doctor_.organization, "Only this one, a name or a URL, connected or not");
    }
    void add_key() {
        CLI::App* key = app_.add_subcommand("key", "The key the store's secrets are encrypted under");
        key->require_subcommand(1);
        add_config(*key);
        CLI::App* init = add(*key, "init", "Make the key file where there is none", [this] {
            key_.config = config_;
            key_.json = json_;
            return server::run_key_init(key_);
        });
        add_config(*init);
        add_json(*init);
        CLI::App* rotate =
            add(*key,
                "rotate",
                "Re-encrypt everything under a new key; daemons may run, a rotation cut off goes on",
                [this] {
                    key_.config = config_;
                    key_.json = json_;
                    return server::run_key_rotate(key_);
                });
        add_config(*rotate);
        add_json(*rotate);
        rotate->add_flag("--drop-old", key_.drop_old, "Take keys that no record needs out of the key file");
    }
    void add_audit() {
        CLI::App* audit = app_.add_subcommand("audit", "The record of credential events and writes");
        audit->require_subcommand(1);
        add_config(*audit);
        CLI::App* list = add(*audit, "list", "Records, newest first", [this] {
            audit_.config = config_;
            audit_.json = json_;
            return server::run_audit_list(audit_);
        });
        add_config(*list);
        add_json(*list);
        list->add_option("--organization", audit_.organization, "Only of this organization");
        list->add_option(
            "--event", audit_.event, "Only this: credential.stored, or credential for all of them");
        list->add_option(
            "--since", audit_.since, "Only from then on: 2027-03-01, or a span back from now as 7d");
        list->add_option("--limit", audit_.limit, "At most so many records; 0 = all")->capture_default_str();
        CLI::App* verify = add(*audit,
                               "verify",
                               "Check that no record was changed or removed; names the first that was",
                               [this] {
                                   audit_.config = config_;
                                   audit_.json = json_;
                                   return server::run_audit_verify(audit_);
                               });
        add_config(*verify);
        add_json(*verify);
    }
    void add_store() {
        CLI::App* store = app_.add_subcommand("store", "The store as a whole");
        store->require_subcommand(1);
        add_config(*store);
        CLI::App* backup = add(*store, "backup", "Copy the store into one file; daemons may run", [this] {
            backup_.config = config_;
            return server::run_store_backup(backup_);
        });
        add_config(*backup);
        backup->add_option("file", backup_.file, "The copy; it must not exist yet")->required();
    }
    void add_check() {
        CLI::App* command =
            add(app_, "check", "Validate the configuration and print what is effective", [this] {
                server::CheckOptions options;
                options.config = config_;
                options.json = json_;
                return server::run_check(options);
            });
        add_config(*command);
        add_json(*command);
    }
    void add_call() {
        CLI::App* command = add(app_, "call", "Call one tool as an MCP client would", [this] {
            call_.config = config_;
            return server::run_call(call_);
        });
        add_config(*command);
        command->add_option("tool", call_.tool, "Name of the tool")->required();
        command->add_option(
            "arguments", call_.arguments, "Arguments as a JSON object; - reads them from stdin");
        command->add_option("--url", call_.url, "MCP endpoint to call; else the configured daemon");
        CLI::Option* json = command->add_flag("--json", json_, "The whole result as JSON (the default)");
        command->add_flag("--text", call_.text, "Only the text a model reads")->excludes(json);
    }
    void add_version() {
        add_json(*add(app_, "version", "Print the version", [this] { return server::run_version(json_); }));
    }

    CLI::App app_{"MCP server for Azure DevOps", "ado-mcpd"};
    std::function<int()> run_;
    std::optional<std::string> config_;
    bool json_ = false;
    server::LoginOptions login_;
    server::PatOptions pat_;
    server::TokenOptions token_;
    server::ConnectorsOptions connectors_;
    server::DoctorOptions doctor_;
    server::KeyOptions key_;
    server::AuditOptions audit_;
    server::StoreBackupOptions backup_;
    server::CallOptions call_;
};

} // namespace

int main(int argc, char** argv) {
    // Whatever this process makes is its user's alone.
    ::umask(077);
    server::keep_process_private();
    try {
        return CommandLine().parse_and_run(argc, argv);
    } catch (std::exception const& e) {
        std::fprintf(stderr, "ado-mcpd: unexpected failure: %s\n", e.what());
        return server::kExitFailed;
    }
}
