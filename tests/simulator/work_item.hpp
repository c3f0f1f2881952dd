#pragma once

#include "simulator/message.hpp"
#include "simulator/time_format.hpp"

#include <deque>
#include <map>
#include <string>
#include <vector>

namespace simulator {

class Identity;
class Project;

class WorkItemComment {
public:
    int id = 0;
    std::string text;
    std::string format = "html"; ///< html | markdown
    Identity const* author = nullptr;
    TimePoint created;
};

class WorkItemRelation {
public:
    std::string rel;
    int target = 0;  ///< of work item links
    std::string url; ///< of all others
    Json attributes = Json::object();
};

/// Identity fields hold the identity's vss_id; everything else is the value itself.
class WorkItem {
public:
    int id = 0;
    int rev = 1;
    Project* project = nullptr;
    std::string type;
    std::map<std::string, Json> fields;         ///< by reference name
    std::map<std::string, std::string> formats; ///< markdown fields
    std::vector<WorkItemRelation> relations;
    std::deque<WorkItemComment> comments;
    std::vector<std::map<std::string, Json>> revisions; ///< field values of every revision so far
    TimePoint created;
    TimePoint changed;
    TimePoint indexed_at; ///< when work item search has seen the last change
    bool deleted = false;

    std::string text(std::string const& field) const {
        auto const found = fields.find(field);
        return found != fields.end() && found->second.is_string() ? found->second.get<std::string>()
                                                                  : std::string();
    }
};

class WorkItemStore {
public:
    WorkItem* find(long long id) {
        auto const found = items_.find(static_cast<int>(id));
        return found == items_.end() || found->second.deleted || id > next_id_ ? nullptr : &found->second;
    }
    WorkItem& add(WorkItem item) {
        item.id = next_id_++;
        int const id = item.id;
        return items_[id] = std::move(item);
    }
    int next_id() const { return next_id_; }
    int next_comment_id() { return next_comment_id_++; }
    std::map<int, WorkItem>& all() { return items_; }
    std::map<int, WorkItem> const& all() const { return items_; }

private:
    std::map<int, WorkItem> items_;
    int next_id_ = 1;
    int next_comment_id_ = 5001;
};

} // namespace simulator
