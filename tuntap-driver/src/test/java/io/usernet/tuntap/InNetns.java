package io.usernet.tuntap;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test that runs in a JVM of its own, in a network namespace (and mount and process namespaces) of
 * its own, where it may do what it likes. Everything in there ends with it. Works as root, and as a
 * user where {@code unshare -Urn} may open /dev/net/tun; is skipped, saying why, elsewhere.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(Netns.class)
@Test
@interface InNetns {
    /** Shell commands that prepare the namespace, as its administrator. */
    String setup() default "";

    /** Capabilities that the test does not have, as setpriv names them; takes root to test. */
    String without() default "";

    /** After how long the test has failed. */
    int seconds() default 60;
}
