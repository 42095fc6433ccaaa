/**
 * {@code usernet.jar} as a Java agent: {@code -javaagent:usernet.jar=link=tap:usernet0,...} puts an
 * application on the stack that knows nothing of it. The agent sets system properties, opens packages
 * of the JDK to the provider, and is done before the application's main class is loaded: it has no
 * thread, transforms no class, and opens no channel.
 */
package io.usernet.agent;
