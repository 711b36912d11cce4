# Text into hashes of arrays, sorted, joined, substituted. Argument: how many thousand lines.
# SPDX-License-Identifier: MIT
use strict;
use warnings;

my $lines = 1000 * $ARGV[0];
my ($state, %by_word, %pairs) = (1);
for my $number (1 .. $lines) {
    my @words;
    for (1 .. 6) {
        $state = ($state * 1103515245 + 12345) % 2147483648;
        push @words, "w" . $state % 9973 . "a" x ($state % 23);
    }
    my $text = join " ", @words;
    $text =~ s/(\w+) (\w+)/$2 $1/g;
    my $before = "";
    for my $word (split / /, $text) {
        push @{$by_word{$word}}, $number;
        $pairs{length $word}{$before}++;
        $before = substr $word, 0, 3;
    }
}
my @order = sort { @{$by_word{$b}} <=> @{$by_word{$a}} || $a cmp $b } keys %by_word;
print scalar(@order), " $order[0] @{$by_word{$order[0]}}[0..3]\n";
print join(",", map { "$_:" . scalar keys %{$pairs{$_}} } sort { $a <=> $b } keys %pairs), "\n";
my $report = "";
$report .= sprintf "%-30s %s\n", $_, join "-", @{$by_word{$_}} for @order;
print length($report), " ", unpack("%32C*", $report), "\n";
