/**
 * Decorators that wrap any link: the packet trace changes nothing that the stack sees; the impairment makes a good link a bad
 * one. An embedder wraps links of its own with them.
 */
package io.usernet.link.wrap;
