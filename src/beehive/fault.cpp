// SPDX-License-Identifier: Apache-2.0
#include "beehive/fault.hpp"

#include <boost/system/system_error.hpp>
#include <new>
#include <system_error>

#include "edgecore/base/error.hpp"

namespace edgecore::beehive {

Fault fault_of(const std::exception_ptr& why, const std::string& prefix) {
  try {
    std::rethrow_exception(why);
  } catch (const Error& error) {
    return {prefix + error.what(), error.by_environment()};
  } catch (const boost::system::system_error& error) {
    const auto code = error.code().default_error_condition();
    const bool system = code.category() == boost::system::generic_category();
    return {prefix + error.what(), system && is_shortage(code.value())};
  } catch (const std::system_error& error) {
    const auto code = error.code().default_error_condition();
    const bool system = code.category() == std::generic_category();
    return {prefix + error.what(), system && is_shortage(code.value())};
  } catch (const std::bad_alloc& error) {
    return {prefix + error.what(), true};
  } catch (const std::exception& error) {
    return {prefix + error.what()};
  } catch (...) {
    return {prefix + "an exception of unknown type"};
  }
}

}  // namespace edgecore::beehive
