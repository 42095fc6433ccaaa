package io.usernet.nio;

import io.usernet.config.PassThrough;
import io.usernet.config.Settings;

/** Rules of pass-through as users write them. */
final class Rules {
    private Rules() {}

    static PassThrough of(String rules, String wildcard) {
        return new Settings.Builder()
                .set(Settings.PASSTHROUGH, rules)
                .set(Settings.PASSTHROUGH_WILDCARD, wildcard)
                .build()
                .passThrough();
    }
}
