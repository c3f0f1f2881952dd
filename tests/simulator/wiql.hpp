#pragma once

#include "simulator/time_format.hpp"
#include "simulator/world.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// WIQL over work items: SELECT … FROM WorkItems WHERE … ORDER BY …, and FROM WorkItemLinks in its one-hop
/// form.
namespace simulator {

enum class WiqlKind { all_of, any_of, none_of, compare };

class WiqlValue {
public:
    std::string text;
    bool is_number = false;
    bool is_field = false; ///< [Some.Field]
    std::string macro;     ///< me | project | today | startofday …; lower case
    long long offset = 0;  ///< @today - 3
};

class WiqlCondition {
public:
    WiqlKind kind = WiqlKind::compare;
    std::vector<std::unique_ptr<WiqlCondition>> children;
    std::string field; ///< reference name
    std::string side;  ///< of link queries: source | target
    std::string op; ///< = <> > >= < <= contains | contains words | under | in | ever | is empty, lower case;
                    ///< "not " before
    std::vector<WiqlValue> values;
};

class WiqlOrder {
public:
    std::string field;
    bool descending = false;
};

class WiqlQuery {
public:
    std::vector<std::string> columns; ///< reference names
    bool links = false;
    std::string link_mode = "mustcontain"; ///< mustcontain | maycontain | doesnotcontain | recursive
    std::unique_ptr<WiqlCondition> where;  ///< null = all
    std::vector<WiqlOrder> order;
    std::string error; ///< message of the refusal; empty = parsed
};
WiqlQuery parse_wiql(std::string_view text);

class WiqlContext {
public:
    Organization const* organization = nullptr;
    Project const* project = nullptr; ///< of the route; null = none
    Identity const* me = nullptr;
    TimePoint now;
    bool time_precision = false;
};

/// Ids in order, or an error about a macro or a value. Identity fields compare with names, mails and @me.
class WiqlResult {
public:
    std::vector<int> ids;
    std::vector<WorkItemRelation> links; ///< of link queries: rel, target; source in attributes["source"]
    std::string error;
};
WiqlResult run_wiql(WiqlQuery const& query, WiqlContext const& context);

} // namespace simulator
