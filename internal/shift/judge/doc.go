// Package judge compares the Candidate of a deployment with its Stable, by what CloudWatch
// reports of both.
//
// Judge is the central function. It takes the minutes since the first Shift and returns a
// Finding: for each Signal how many requests were bad on either version, since when the
// Candidate is worse, how strong the evidence is, and what could hide. Everything here is a
// value or a pure function; nothing is kept between two calls.
//
// The README.md beside this file explains it to operators, and has the figures.
//
// # Method
//
// Lambda routes each request at random, so both versions serve the same traffic in the same
// minute. A shared trouble makes both fail, and changes nothing about how the bad requests
// of a minute are divided between them. Evidence is the value of a stake of 1 that is bet on
// the Candidate getting more than its part of them, minute by minute. A second, smaller bet
// compares the Candidate with Stable's history. It finds a bad Candidate that serves too few
// requests for the first one. Bad requests come in clumps, and so many of them count as one.
//
// The Candidate is worse when the stake has grown to the threshold, and it also looks
// worse than tolerated from the minute on in which that most likely began. In minutes at
// 100 % there is no Stable to compare with. There the evidence is told, and decides nothing.
//
// # What is proven, and what is measured
//
// Proven: if the Candidate is no worse than Stable and requests fail independently of each
// other, the bet side by side reaches x with a chance of at most 1/x, however often one looks
// (Ville's inequality). So by it, one deployment in 100 at most is put back for no reason, over
// all Signals and functions together. Its numbers are exact, for any number of requests.
// Counting several bad requests as one keeps this in the limit of rare errors.
//
// Measured, in simulations: that false alarms stay about as rare with a clump that is estimated from the
// data, with figures that CloudWatch reports late, and with the bet against the record.
// The bet against the record is the weakest part. When both versions fail for five minutes while
// Stable serves ten requests a minute and the Candidate 190, 0.3 % of deployments without
// a fault are found worse.
// A version whose sandboxes fail as a whole looks like a bad version, and is judged as one.
//
// Two things are taken for granted. Within one minute the share of requests that reach the
// Candidate does not change; in the minute of a Shift it does, so trouble of both versions that
// begins in that minute is not divided evenly. And CloudWatch reports both versions alike; a
// figure that it does not report is missing, and never 0.
package judge
