// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "metaserver/api/answers.hpp"
#include "metaserver/api/api_parts.hpp"
#include "metaserver/api/call.hpp"
#include "metaserver/api/list_answers.hpp"
#include "metaserver/api/object_reader.hpp"

namespace edgecore::metaserver {

/// The verbs that change something: the cloud carries them out, and its answer is kept
/// (protocol/03-metaserver.md §2.5, §3). Also reviews and tokens, which are created and never stored. Owned
/// by the Api, on the module's thread; keeps nothing between requests.
class WriteRequests {
 public:
  WriteRequests(const ApiParts& parts, const Answers& answers, ObjectReader& reader, ListAnswers& lists)
      : parts_(parts), answers_(answers), reader_(reader), lists_(lists) {}

  Done create(Call& call);
  Done update(Call& call);
  Done patch(Call& call);
  Done remove(Call& call);
  Done remove_collection(Call& call);
  Done review(Call& call);
  Done issue_token(Call& call);
  Done scale(Call& call);

 private:
  boost::asio::awaitable<CloudAnswer> write_to_cloud(Call& call, beehive::Application application);
  /// The end of an update or patch: the cloud's answer.
  boost::asio::awaitable<bool> answered_by_cloud(Call& call, beehive::Application application);
  Done send_written(Call& call, const CloudAnswer& answer);
  Done send_changed(Call& call, const Json& changed);
  Done bring_current(Call& call, const ObjectFilter& filter);
  Done remove_one(Call& call, const CachedObject& object, const Json& options);
  [[nodiscard]] static bool is_offline_device(const Call& call);
  [[nodiscard]] bool waits_behind_others(const Call& call) const;
  [[nodiscard]] Json stored_device(const Call& call) const;
  [[noreturn]] static void refuse_offline(const Call& call, const kube::Status& why);

  const ApiParts& parts_;
  const Answers& answers_;
  ObjectReader& reader_;
  ListAnswers& lists_;
};

}  // namespace edgecore::metaserver
