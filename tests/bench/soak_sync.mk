soak: soak-sync

soak-sync: test-deps ## hours of what can go wrong between a hub and its replicas: kills, cuts, full disks, seeds
	@$(MAKE) --no-print-directory -j$$(nproc) all $(BUILD)/tests/sync/test_simulation $(BUILD)/tests/fault/test_sync_cut $(BUILD)/tests/fault/test_sync_kill $(BUILD)/tests/fault/test_sync_disk
	KILLS=800 ATRIUM=$(BUILD)/atrium python3 tests/cli/test_hub_kill.py
	KILLS=200 ATRIUM=$(BUILD)/atrium python3 tests/cli/test_hub.py
	FUZZ=5000 ATRIUM=$(BUILD)/atrium python3 tests/cli/test_hub_door.py
	ATRIUM_SOAK=1 $(BUILD)/tests/fault/test_sync_cut
	ATRIUM_SOAK=1 $(BUILD)/tests/fault/test_sync_kill
	ATRIUM_SOAK=1 $(BUILD)/tests/fault/test_sync_disk
	SEEDS=10000 $(BUILD)/tests/sync/test_simulation

.PHONY: soak soak-sync
