#include "server/knowledge/index_search.hpp"
#include "server/knowledge/index_tables.hpp"
#include "server/store/store_thread.hpp"

#include <utility>

namespace server {
namespace {

/// KnowledgeIndex on SQLite: one connection writes on a thread of its own, another reads on a second one, so
/// that a search never waits for a sync.
class StoredIndex final : public KnowledgeIndex {
public:
    StoredIndex(core::Clock& clock,
                std::unique_ptr<SQLite::Database> writer,
                std::unique_ptr<SQLite::Database> reader,
                std::unique_ptr<NumberLocks> locks)
        : writer_(std::move(writer)), reader_(std::move(reader)), locks_(std::move(locks)),
          tables_(clock, *writer_, *locks_) {}
    ~StoredIndex() override {
        writing_.join();
        reading_.join();
    }

    core::Task<core::Result<std::vector<SourceIndexState>>> states() override {
        return writing_.run([this] { return tables_.states(); });
    }
    core::Task<core::Result<bool>> begin(std::string source) override {
        return writing_.run([this, source = std::move(source)] { return tables_.begin(source); });
    }
    core::Task<core::Result<std::map<std::string, std::string>>> files(std::string source) override {
        return writing_.run([this, source = std::move(source)] { return tables_.files(source); });
    }
    core::Task<core::Result<void>>
    change(std::string source, std::vector<IndexedFile> written, std::vector<std::string> removed) override {
        return writing_.run(
            [this, source = std::move(source), written = std::move(written), removed = std::move(removed)] {
                return tables_.change(source, written, removed);
            });
    }
    core::Task<core::Result<void>> finish(std::string source, IndexMark mark, std::size_t left_out) override {
        return writing_.run([this, source = std::move(source), mark = std::move(mark), left_out] {
            return tables_.finish(source, mark, left_out);
        });
    }
    core::Task<core::Result<void>> fail(std::string source, core::Error error) override {
        return writing_.run([this, source = std::move(source), error = std::move(error)] {
            return tables_.fail(source, error);
        });
    }
    core::Task<core::Result<void>> give_back(std::string source) override {
        return writing_.run([this, source = std::move(source)] { return tables_.give_back(source); });
    }
    core::Task<core::Result<void>> keep(std::vector<std::string> sources) override {
        return writing_.run([this, sources = std::move(sources)] { return tables_.keep(sources); });
    }
    core::Task<core::Result<void>> drop(std::string source) override {
        return writing_.run([this, source = std::move(source)] { return tables_.drop(source); });
    }

    core::Task<core::Result<IndexAnswer>> search(IndexQuery query) override {
        return reading_.run([this, query = std::move(query)] { return search_index(*reader_, query); });
    }

    core::Task<core::Result<std::map<std::string, std::vector<float>>>>
    vectors(std::string model, std::vector<std::string> digests) override {
        return writing_.run([this, model = std::move(model), digests = std::move(digests)] {
            return tables_.vectors(model, digests);
        });
    }
    core::Task<core::Result<void>> save_vectors(std::string model,
                                                std::map<std::string, std::vector<float>> vectors) override {
        return writing_.run([this, model = std::move(model), vectors = std::move(vectors)] {
            return tables_.save_vectors(model, vectors);
        });
    }

private:
    std::unique_ptr<SQLite::Database> writer_;
    std::unique_ptr<SQLite::Database> reader_;
    std::unique_ptr<NumberLocks> locks_;
    IndexTables tables_;
    StoreThread writing_;
    StoreThread reading_;
};

} // namespace

std::string knowledge_index_path(std::string_view store_path) {
    std::size_t const slash = store_path.rfind('/');
    std::string path(store_path.substr(0, slash == std::string_view::npos ? 0 : slash + 1));
    return path + "knowledge.db";
}

core::Result<std::unique_ptr<KnowledgeIndex>> open_knowledge_index(core::Clock& clock,
                                                                   std::string const& path) {
    ADOMCPD_TRY(std::unique_ptr<SQLite::Database> writer, open_index_file(path));
    ADOMCPD_TRY(std::unique_ptr<SQLite::Database> reader, open_index_reader(path));
    auto locks = std::make_unique<NumberLocks>();
    ADOMCPD_TRY_VOID(locks->open(path + "-syncs"));
    return std::make_unique<StoredIndex>(clock, std::move(writer), std::move(reader), std::move(locks));
}

} // namespace server
