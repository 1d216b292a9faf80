soak: soak-fleet

soak-fleet: $(BUILD)/tests/unit/test_fleet_faults ## random faults on 200 devices: descriptors and memory stay level, SOAK=SECONDS (default 300)
	@FLEET_SOAK_S=$(or $(SOAK),300) $<

.PHONY: soak soak-fleet
