# SPDX-License-Identifier: Apache-2.0
# `cmake --install BUILD [--prefix PREFIX] [--strip]` installs the programs (rules in src/app and src/keadm), the service, the
# configuration and the documents. Packagers set DESTDIR; the component `documents` is for a doc package, the component
# `Unspecified` has the rest. Included after the rooms, because it refers to their targets.
if(TARGET edgecore)
  configure_file(cmake/install_service.cmake.in ${PROJECT_BINARY_DIR}/install_service.cmake @ONLY)
  install(SCRIPT ${PROJECT_BINARY_DIR}/install_service.cmake)
endif()

# Same layout as in the sources, so that links between the documents work.
install(FILES LICENSE README.md CONTRIBUTING.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT documents)
install(DIRECTORY docs config DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT documents)
