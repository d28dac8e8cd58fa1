// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "cloudsim/cluster.hpp"
#include "edgecore/kube/selector.hpp"
#include "support/objects.hpp"

namespace edgecore::cloudsim {

/// Which objects of a kind a request selects.
struct Selection {
  kube::LabelSelector labels;
  kube::FieldSelector fields;

  /// Throws ApiError (400) for a malformed selector or a field that the kind does not offer.
  static Selection parse(const ResourceKind& kind, const std::string& labels, const std::string& fields);
  [[nodiscard]] bool matches(const Json& object) const {
    return test::matches_object(labels, object) && fields.matches(object);
  }
};

/// Lists, in pages if the client asks for them. All pages of a list show the cluster at the first page's
/// revision, like an API server. The last few lists are kept; a token of an older one is answered with 410.
/// One thread.
class Pages {
 public:
  explicit Pages(const Cluster& cluster) : cluster_(cluster) {}

  struct Request {
    const ResourceKind* kind = nullptr;
    std::string ns;
    std::string label_selector;
    std::string field_selector;
    std::int64_t limit = 0;  ///< 0: everything
    std::string token;       ///< of the page before; "" for the first page
  };
  struct Page {
    std::vector<Object> objects;
    Json metadata;  ///< resourceVersion; continue and remainingItemCount if there are more pages
  };
  /// Throws ApiError.
  Page read(const Request& request);

 private:
  struct List {
    std::string id;
    std::uint64_t version = 0;
    std::vector<Object> objects;
    bool selected = false;
  };
  const List& find(const Request& request, std::size_t& begin);

  const Cluster& cluster_;
  std::deque<List> lists_;
};

/// The list document of a page: kind, apiVersion, metadata, items in the kind's version.
Json list_document(const ResourceKind& kind, const Pages::Page& page);

}  // namespace edgecore::cloudsim
