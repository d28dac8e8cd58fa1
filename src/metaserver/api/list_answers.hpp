// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "metaserver/api/answers.hpp"
#include "metaserver/api/api_parts.hpp"
#include "metaserver/api/call.hpp"
#include "metaserver/api/page_snapshots.hpp"
#include "metaserver/cache/object_filter.hpp"

namespace edgecore::metaserver {

/// Answers lists: out of a collection, in pages out of a snapshot, or with the cloud's answer. Owned by the
/// Api, on the module's thread. Keeps the last rendered lists for some seconds and snapshots for minutes, a
/// small number of each.
class ListAnswers {
 public:
  ListAnswers(const ApiParts& parts, const Answers& answers) : parts_(parts), answers_(answers) {}
  ListAnswers(const ListAnswers&) = delete;
  ListAnswers& operator=(const ListAnswers&) = delete;

  /// The list, or its first page, out of a collection. Throws ApiError (410) for another version than the
  /// one that is here, if the client wants exactly that.
  Done send(Call& call, CollectionPtr collection, const ObjectFilter& filter);
  /// The page behind a `continue` token. A token of the cloud's is passed on.
  Done send_next_page(Call& call, const std::string& token);
  /// Passes the list on to the cloud; without its answer, the node's copy is sent.
  Done pass_on(Call& call);
  /// These objects as a list of one version.
  Done send_objects(Call& call, std::vector<ObjectPtr> objects, std::uint64_t version);

 private:
  /// Which part of a list an answer has.
  struct Part {
    std::vector<ObjectPtr> objects;
    std::uint64_t version = 0;
    std::string continuation;   ///< token of the next page; "" for none
    std::size_t remaining = 0;  ///< objects behind this page
  };
  /// A whole list, valid as long as the collection has this revision.
  struct Rendered {
    std::uint64_t revision = 0;
    SteadyTime made{};
    std::shared_ptr<const std::string> body;
  };
  Done send_whole(Call& call, const Collection& collection, const std::string& ns,
                  const Representation& wanted);
  std::shared_ptr<const std::string> rendered(const Collection& collection, const std::string& ns);
  boost::asio::awaitable<std::vector<ObjectPtr>> choose(const Collection& collection,
                                                        const ObjectFilter& filter);
  [[nodiscard]] static Part page_of(const PageSnapshots::Snapshot& snapshot, std::size_t begin,
                                    std::size_t limit);
  Done send_part(Call& call, Part part);
  boost::asio::awaitable<Json> shown(Call& call, const std::vector<ObjectPtr>& objects,
                                     const Representation& wanted);
  Done send_cloud_list(Call& call, std::string body);

  const ApiParts& parts_;
  const Answers& answers_;
  std::unordered_map<std::string, Rendered> rendered_;  ///< by resource and namespace
  PageSnapshots snapshots_;
};

}  // namespace edgecore::metaserver
