/** Counters with the names of SNMP's MIBs, and snapshots of them. */
package io.usernet.metrics;
