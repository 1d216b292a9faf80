CAMPAIGN_BENCH := $(BUILD)/tests/bench/bench_campaign

$(CAMPAIGN_BENCH): $(BUILD)/obj/tests/bench/bench_campaign.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

MEMBERS ?= 5000000
bench-campaign: $(CAMPAIGN_BENCH) $(BUILD)/atrium ## audience and plan of a campaign, MEMBERS=N (default 5 million)
	@rm -f $(BUILD)/bench-campaign.mall*
	@$(BUILD)/atrium -m $(BUILD)/bench-campaign.mall demo --members $(MEMBERS) --days 7 --no-console >/dev/null
	@$(CAMPAIGN_BENCH) $(BUILD)/bench-campaign.mall
	@rm -f $(BUILD)/bench-campaign.mall*

.PHONY: bench-campaign
