# `cmake --install build --prefix DIR` gives a tree that runs from anywhere: internal libraries are static.
include(GNUInstallDirs)
install(TARGETS muster RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY examples docs slurm DESTINATION ${CMAKE_INSTALL_DATADIR}/muster USE_SOURCE_PERMISSIONS)
install(PROGRAMS scripts/mpi-run DESTINATION ${CMAKE_INSTALL_DATADIR}/muster/scripts)
install(FILES README.md LICENSE CHANGELOG.md VERSION DESTINATION ${CMAKE_INSTALL_DATADIR}/muster)
