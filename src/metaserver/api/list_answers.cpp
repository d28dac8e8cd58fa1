// SPDX-License-Identifier: Apache-2.0
#include "metaserver/api/list_answers.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "edgecore/base/error.hpp"
#include "edgecore/kube/resource_kinds.hpp"
#include "edgecore/kube/table.hpp"
#include "metaserver/api/cloud_price.hpp"
#include "metaserver/http/api_error.hpp"

namespace edgecore::metaserver {
namespace {

/// How long a rendered list is kept while nothing changes.
constexpr std::chrono::seconds kRenderedFor{2};
constexpr std::size_t kRenderedKept = 16;
constexpr std::size_t kRenderedBytes = std::size_t{16} << 20;
/// Objects that are rendered before other coroutines get a turn.
constexpr std::size_t kTurn = 128;

Json list_metadata(std::uint64_t version, const std::string& continuation, std::size_t remaining) {
  Json metadata = {{"resourceVersion", std::to_string(version)}};
  if (continuation.empty()) return metadata;
  metadata["continue"] = continuation;
  metadata["remainingItemCount"] = remaining;
  return metadata;
}

/// The text of a list up to its first item.
std::string list_head(const kube::ApiResource& resource, const Json& metadata) {
  return R"({"kind":")" + resource.list_kind + R"(","apiVersion":")" + resource.api_version() +
         R"(","metadata":)" + kube::dump_json(metadata) + R"(,"items":[)";
}

Json empty_partial_list(const Representation& wanted) {
  Json list = {{"kind", "PartialObjectMetadataList"}, {"apiVersion", "meta.k8s.io/" + wanted.version}};
  list["items"] = Json::array();
  return list;
}

constexpr char kContinueExpired[] =
    "The provided continue parameter is too old to display a consistent list result. You must start a new "
    "list without the continue parameter.";

/// The size of a page; 0: the whole list. As in the API server's watch cache, a list that may have any
/// version comes whole.
std::size_t page_size(const Call& call) {
  const auto limit = call.number("limit").value_or(0);
  return call.query("resourceVersion") == "0" ? 0 : limit;
}

PageSubject page_subject(const Call& call) {
  PageSubject subject;
  subject.user = call.user->name;
  subject.group = call.info.group;
  subject.version = call.info.version;
  subject.resource = call.info.resource;
  subject.ns = call.info.ns;
  subject.name = call.info.name;
  subject.labels = call.query("labelSelector");
  subject.fields = call.query("fieldSelector");
  return subject;
}

void check_version(const Call& call, std::uint64_t here) {
  const auto version = call.number("resourceVersion");
  if (call.query("resourceVersionMatch") != "Exact" || !version || *version == here) return;
  throw ApiError(kube::Status::expired("the version " + call.query("resourceVersion") +
                                       " of the list is not known on this node"));
}

}  // namespace

Done ListAnswers::send(Call& call, CollectionPtr collection, const ObjectFilter& filter) {
  const std::uint64_t version = collection->resume_version();
  check_version(call, version);
  collection->set_position_sent();
  const std::size_t limit = page_size(call);
  if (limit == 0 && filter.selects_everything() && filter.name.empty()) {
    const Representation wanted = representation(call.request.headers, call.info.target, Offer::kList);
    if (wanted.form == Form::kObject && !wanted.pretty && !wanted.gzip) {
      co_await send_whole(call, *collection, filter.ns, wanted);
      co_return;
    }
  }
  std::vector<ObjectPtr> chosen = co_await choose(*collection, filter);
  if (limit == 0 || chosen.size() <= limit) {
    co_await send_objects(call, std::move(chosen), version);
    co_return;
  }
  Part part =
      page_of(snapshots_.add(page_subject(call), std::move(chosen), version, parts_.context.clock.steady()),
              0, limit);
  co_await send_part(call, std::move(part));
}

Done ListAnswers::send_whole(Call& call, const Collection& collection, const std::string& ns,
                             const Representation& wanted) {
  net::Response response;
  response.headers = answers_.headers_for(call, wanted.content_type);
  response.shared_body = rendered(collection, ns);
  call.code = 200;
  co_await call.responder.send(std::move(response));
}

std::shared_ptr<const std::string> ListAnswers::rendered(const Collection& collection,
                                                         const std::string& ns) {
  const kube::ApiResource& resource = *collection.resource();
  const SteadyTime now = parts_.context.clock.steady();
  std::erase_if(rendered_, [&](const auto& item) { return now - item.second.made > kRenderedFor; });
  Rendered& kept = rendered_[resource.group + "/" + resource.version + "/" + resource.plural + "/" + ns];
  kept.made = now;
  if (!kept.body || kept.revision != collection.revision()) {
    std::string body = list_head(resource, list_metadata(collection.resume_version(), "", 0));
    body.reserve(body.size() + collection.bytes() + 4);
    bool first = true;
    for (const ObjectPtr& object : collection.objects()) {
      if (!ns.empty() && object->ns() != ns) continue;
      if (!std::exchange(first, false)) body += ',';
      body += object->text();
    }
    body += "]}\n";
    kept.body = std::make_shared<const std::string>(std::move(body));
    kept.revision = collection.revision();
  }
  std::shared_ptr<const std::string> body = kept.body;
  std::size_t bytes = 0;
  for (const auto& [list, one] : rendered_) bytes += one.body ? one.body->size() : 0;
  if (rendered_.size() > kRenderedKept || bytes > kRenderedBytes) rendered_.clear();
  return body;
}

boost::asio::awaitable<std::vector<ObjectPtr>> ListAnswers::choose(const Collection& collection,
                                                                   const ObjectFilter& filter) {
  // A copy: the collection may change while others have their turn.
  std::vector<ObjectPtr> all(collection.objects().begin(), collection.objects().end());
  std::vector<ObjectPtr> chosen;
  std::size_t looked_at = 0;
  for (ObjectPtr& object : all) {
    if (++looked_at % (kTurn * 8) == 0)
      co_await boost::asio::post(parts_.context.executor, boost::asio::use_awaitable);
    if (filter.matches(*object)) chosen.push_back(std::move(object));
  }
  co_return chosen;
}

ListAnswers::Part ListAnswers::page_of(const PageSnapshots::Snapshot& snapshot, std::size_t begin,
                                       std::size_t limit) {
  const std::size_t size = snapshot.objects.size();
  begin = std::min(begin, size);
  const std::size_t end = limit == 0 ? size : begin + std::min(limit, size - begin);
  Part part;
  const auto first = snapshot.objects.begin();
  part.objects.assign(first + static_cast<std::ptrdiff_t>(begin), first + static_cast<std::ptrdiff_t>(end));
  part.version = snapshot.version;
  part.remaining = size - end;
  if (part.remaining > 0) part.continuation = page_token(snapshot.id, end);
  return part;
}

Done ListAnswers::send_next_page(Call& call, const std::string& token) {
  const auto page = read_page_token(token);
  if (!page) {
    if (!is_cluster_token(token)) bad_request("invalid continue token: continue key is not valid");
    co_await pass_on(call);
    co_return;
  }
  const PageSnapshots::Snapshot* snapshot =
      snapshots_.find(page->first, page_subject(call), parts_.context.clock.steady());
  if (snapshot == nullptr) throw ApiError(kube::Status::expired(kContinueExpired));
  Part part = page_of(*snapshot, page->second, call.number("limit").value_or(0));
  co_await send_part(call, std::move(part));
}

Done ListAnswers::send_objects(Call& call, std::vector<ObjectPtr> objects, std::uint64_t version) {
  Part part;
  part.objects = std::move(objects);
  part.version = version;
  co_await send_part(call, std::move(part));
}

Done ListAnswers::send_part(Call& call, Part part) {
  const Representation wanted = representation(call.request.headers, call.info.target, Offer::kList);
  Json metadata = list_metadata(part.version, part.continuation, part.remaining);
  if (wanted.form != Form::kObject) {
    Json list = co_await shown(call, part.objects, wanted);
    list["metadata"] = std::move(metadata);
    co_await answers_.send_json(call, 200, list, wanted);
    co_return;
  }
  std::string body = list_head(*call.resource, metadata);
  std::size_t size = body.size() + 4;
  for (const ObjectPtr& object : part.objects) size += object->bytes();
  body.reserve(size);
  for (std::size_t i = 0; i < part.objects.size(); ++i) {
    if (i > 0) body += ',';
    body += part.objects[i]->text();
  }
  body += "]}\n";
  co_await answers_.send_text(call, 200, std::move(body), wanted);
}

/// The objects as a Table or a PartialObjectMetadataList.
boost::asio::awaitable<Json> ListAnswers::shown(Call& call, const std::vector<ObjectPtr>& objects,
                                                const Representation& wanted) {
  const bool is_table = wanted.form == Form::kTable;
  const WallTime now = parts_.context.clock.wall();
  Json list = is_table ? kube::make_table(*call.resource, {}, now, wanted.include, true, wanted.version)
                       : empty_partial_list(wanted);
  for (std::size_t begin = 0; begin < objects.size(); begin += kTurn) {
    std::vector<Json> turn;
    for (std::size_t i = begin; i < std::min(begin + kTurn, objects.size()); ++i)
      turn.push_back(objects[i]->json());
    if (is_table) {
      std::vector<const Json*> rows;
      for (const Json& json : turn) rows.push_back(&json);
      Json table = kube::make_table(*call.resource, rows, now, wanted.include, false, wanted.version);
      for (Json& row : table["rows"]) list["rows"].push_back(std::move(row));
    } else {
      for (const Json& json : turn) list["items"].push_back(kube::partial_metadata(json, wanted.version));
    }
    co_await boost::asio::post(parts_.context.executor, boost::asio::use_awaitable);
  }
  co_return list;
}

Done ListAnswers::pass_on(Call& call) {
  Json option = Json::object();
  for (const char* name :
       {"labelSelector", "fieldSelector", "resourceVersion", "resourceVersionMatch", "continue"})
    if (const std::string value = call.query(name); !value.empty()) option[name] = value;
  if (const auto limit = call.number("limit")) option["limit"] = *limit;
  const kube::ApiResource& resource = *call.resource;
  beehive::Application question = parts_.cloud.make(
      kube::MetaKey{resource.group, resource.version, resource.plural, call.info.ns, ""}.text(), "list",
      kube::dump_json(option));
  pay(parts_, call);
  CloudAnswer answer =
      co_await parts_.cloud.call(std::move(question), std::min(call.patience(), kCloudPatience));
  if (answer.refused()) throw ApiError(answer.status);
  if (answer.ok()) {
    co_await send_cloud_list(call, std::move(answer.body));
    co_return;
  }
  // The cluster's pages cannot be continued here: the client starts a new list.
  if (option.contains("continue")) throw ApiError(kube::Status::expired(kContinueExpired));
  const ObjectFilter filter = make_filter(resource, call.info.ns, call.info.name, call.query("labelSelector"),
                                          call.query("fieldSelector"));
  CollectionPtr collection = parts_.cache.open(call.resource);
  co_await send(call, std::move(collection), filter);
}

Done ListAnswers::send_cloud_list(Call& call, std::string body) {
  const Representation wanted = representation(call.request.headers, call.info.target, Offer::kList);
  if (wanted.form == Form::kObject) {
    body += '\n';
    co_await answers_.send_text(call, 200, std::move(body), wanted);
    co_return;
  }
  const Json list = kube::parse_json(body, "The cloud's list");
  const Json& items = kube::array_or_empty(list, "items");
  Json answer;
  if (wanted.form == Form::kTable) {
    std::vector<const Json*> rows;
    for (const Json& item : items) rows.push_back(&item);
    answer = kube::make_table(*call.resource, rows, parts_.context.clock.wall(), wanted.include, true,
                              wanted.version);
  } else {
    answer = empty_partial_list(wanted);
    for (const Json& item : items) answer["items"].push_back(kube::partial_metadata(item, wanted.version));
  }
  answer["metadata"] = kube::object_or_empty(list, "metadata");
  co_await answers_.send_json(call, 200, answer, wanted);
}

}  // namespace edgecore::metaserver
