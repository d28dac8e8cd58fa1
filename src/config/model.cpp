// SPDX-License-Identifier: Apache-2.0
#include "edgecore/config/model.hpp"

namespace edgecore::config {

const std::string& Edged::runtime_endpoint() const {
  return kubelet.container_runtime_endpoint.empty() ? remote_runtime_endpoint
                                                    : kubelet.container_runtime_endpoint;
}

const std::string& Edged::image_endpoint() const {
  const std::string& named =
      kubelet.container_runtime_endpoint.empty() ? remote_image_endpoint : kubelet.image_service_endpoint;
  return named.empty() ? runtime_endpoint() : named;
}

}  // namespace edgecore::config
