package io.usernet.runtime;

import io.usernet.config.StackConfig;

/** The same where application threads run the stack themselves. */
class InlineEngineTest extends EngineTest {
    @Override
    StackConfig config() {
        return super.config().withInline(true);
    }
}
