/** Settings as immutable, validated records, and the one place that reads system properties. */
package io.usernet.config;
