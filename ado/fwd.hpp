#pragma once

namespace ado {

class ClassificationPaths; // ado/classification.hpp
class Comment;             // ado/comments.hpp
class CommentPage;         // ado/comments.hpp
class CommitDiff;          // ado/git_changes.hpp
class CommitInfo;          // ado/git_lists.hpp
class CommitQuery;         // ado/git_lists.hpp
class DiffQuery;           // ado/git_changes.hpp
class FieldRule;           // ado/type_rules.hpp
class Identity;            // ado/identities.hpp
class Project;             // ado/projects.hpp
class TreeItem;            // ado/git_lists.hpp
class Wiki;                // ado/wiki.hpp
class WikiPage;            // ado/wiki.hpp
class WikiSearchPage;      // ado/wiki_search.hpp
class WikiSearchRequest;   // ado/wiki_search.hpp
class WorkItem;            // ado/work_items.hpp
class WorkItemType;        // ado/work_items.hpp

} // namespace ado
