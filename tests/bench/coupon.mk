COUPON_BENCH := $(BUILD)/tests/bench/bench_coupon

$(COUPON_BENCH): $(BUILD)/obj/tests/bench/bench_coupon.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

bench-coupon: $(COUPON_BENCH) $(BUILD)/atrium ## coupons alone: issued and redeemed, COUPONS=N (default 100,000)
	@rm -f $(BUILD)/bench-coupon.mall*
	@$(BUILD)/atrium -m $(BUILD)/bench-coupon.mall demo --members 5000 --days 200 --no-console >/dev/null
	@$(COUPON_BENCH) $(BUILD)/bench-coupon.mall $(COUPONS)
	@rm -f $(BUILD)/bench-coupon.mall*

.PHONY: bench-coupon
