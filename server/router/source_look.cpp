#include "ado/wiki.hpp"
#include "server/router/source_service.hpp"

namespace server {

using core::Error;
using core::ErrorKind;

core::Task<core::Result<void>> SourceService::look(Source const& source,
                                                   Connector& connector,
                                                   SourceProof& proof,
                                                   core::CallContext const& ctx) const {
    ado::Client const& client = connector.client();
    ado::SourceUrl const& url = source.url;
    if (url.kind == ado::SourceUrl::Kind::repository) {
        CO_TRY(ado::Repository const repository, co_await client.get_repository(url.project, url.name, ctx));
        if (repository.is_disabled) {
            co_return core::fail(
                Error(ErrorKind::forbidden, "Repository '" + repository.name + "' is disabled.")
                    .with_code("repository_disabled")
                    .with_fix("An administrator of the project can enable it in its repository settings."));
        }
        proof.id = repository.id;
        proof.title = repository.name;
        proof.branch = repository.default_branch;
        if (!repository.default_branch.empty()) {
            std::string const root = "/";
            ado::VersionDescriptor const version;
            CO_TRY(ado::FileItem const item,
                   co_await client.get_item(url.project, repository.id, root, version, ctx));
        }
        co_return core::Result<void>();
    }
    CO_TRY(ado::Wiki const wiki, co_await client.get_wiki(url.project, url.name, ctx));
    proof.id = wiki.id;
    proof.title = wiki.name;
    proof.branch = wiki.version;
    if (url.page_id) {
        std::int64_t const id = *url.page_id;
        CO_TRY(ado::WikiPage const page, co_await client.get_wiki_page(url.project, wiki.id, id, false, ctx));
        proof.title = page.path;
    } else {
        std::string const path = url.page_path.empty() ? std::string("/") : url.page_path;
        CO_TRY(ado::WikiPage const page,
               co_await client.get_wiki_page(url.project, wiki.id, path, false, ctx));
        proof.title = url.page_path.empty() ? wiki.name : page.path;
    }
    co_return core::Result<void>();
}

} // namespace server
