"""Stories of inventors, menders and machines."""

from __future__ import annotations

from itertools import product

from mistudio_core.example.plot import Plot, Theme, listed

_MACHINE = Plot(
    openings=(
        "In a shed at the end of {town}, {hero} was building a machine that could {task}.",
        "{A_hero} could not see a {thing} without wanting to know what was inside it.",
        "{Hero} was an inventor. At least, that was what was painted on {his} door in {colour} letters.",
    ),
    tries=(
        "{He} tightened the {part}, and it went backwards. {He} loosened it, and it went upstairs.",
        "{He} oiled everything that squeaked, and by mistake also the {animal}.",
        "{Friend} kicked it, quite {softly}. It played half a waltz and stopped.",
        "{He} drew a new plan on the back of the old one, with {few} arrows and a great many question marks.",
        "{He} replaced the {part} by a {part2}, the {part2} by a {part3}, and the {part3} by a piece of chewing gum.",
        "{He} hit {his} thumb with the {hand_tool} and said {few} words that are not in this book.",
    ),
    turns=tuple(
        product(
            (
                "{His} newest machine had {n} cogs, {k} levers and a {part}, and it did everything except for what "
                "it was meant to do.",
                "On the day of the great exhibition the machine stood in the hall under a sheet. {Hero} pulled the "
                "lever. There was a bang, and a smell of {smell}.",
                "When {he} had taken {his} machine apart, there were {n} pieces on the table. When {he} had put it "
                "together again, there were {k} left over.",
            ),
            (
                '"What is it that you want from it?" asked {elder}. {Hero} explained it for a quarter of an hour. '
                '"And have you told the machine?" asked {elder}. {Hero} had not. So {he} did, and slowly the wheels '
                "began to turn.",
                "Then {friend} pulled out a {gift} which had been stuck between two wheels all along. The machine "
                "drew a deep breath and began to purr.",
                "{He} sat down beside it and looked at it, not as an inventor looks at a machine, but as one looks "
                "at a {animal} that won't eat. And then {he} saw it: the {part} was upside down.",
            ),
        )
    ),
    endings=(
        "It could not {task}, not even in the end. But it could toast bread on both sides at once, and it was the "
        "pride of {town}.",
        "The people clapped until the windows rattled, and {hero} bowed so low that a {screw} fell out of {his} "
        '{clothes}. "So that\'s where it was," {he} said.',
        "It is still running. Sometimes it stops to think, and then one has to tell it something {nice}.",
    ),
)

_CLOCK = Plot(
    openings=(
        "The clock on the tower of {town} had been slow for {sum} years, and so {hero} had never been late in {his} "
        "life.",
        "{Elder} mended things: {thing}s, hearts of dolls, and once even a quarrel. {Hero} was {ehis} apprentice.",
        "{Hero} was given a toolbox for {his} birthday, with a {hand_tool}, a {hand_tool2} and {n} {screw}s.",
    ),
    tries=(
        "{Hero} crawled in as far as {he} could, with a {hand_tool} between {his} teeth, until only {his} feet "
        "looked out.",
        "{He} tapped on it, once on the left and once on the right. It rattled. {He} tapped again, and then it did "
        "not even rattle.",
        "{He} laid all the parts out on a cloth, in the order in which they had come out, and then the {animal} "
        "walked across it.",
        "{Friend} held the lamp, and handed over the {hand_tool2}, and kept asking whether it was finished.",
        "{He} looked it up in the big book, under {letter}, and found a fine picture of a crocodile.",
    ),
    turns=(
        (
            "One {weekday} the clock on the tower struck thirteen. Nobody in {town} knew what one does at thirteen "
            "o'clock.",
            "Behind the largest wheel sat a family of {small_animal_many}. They had built their nest from old "
            "timetables, and the youngest was riding on the pendulum. {Hero} carried them down one by one and gave "
            "them a room in a {thing2}.",
        ),
        (
            'Then somebody brought in a {thing} that no longer made a sound. "It belonged to my mother," the '
            "customer said very {softly}.",
            '"Not every broken thing is broken," {said} {elder}. "Some of them are only tired." {Ehe} laid a hand on '
            "it and waited.",
        ),
        (
            "Since {he} had a {hand_tool} of {his} own, nothing at home was safe. The {thing} was in pieces, and so "
            "was the {thing2}, and {elder} wanted to make tea.",
            "{Hero} blew into it, once. Out flew a cloud of dust, a dead fly and a {colour} thread, and something "
            "inside went click.",
        ),
    ),
    endings=(
        "And then it went again, a bit fast at first, like somebody who has a lot to tell.",
        "{Elder} put a drop of oil on it, for luck, and another on {hero}'s nose, for fun.",
        '"What do we owe you?" people asked. "Let me hear it once more," said {hero}. That was the price.',
    ),
)

WORKSHOP = Theme(
    name="workshop",
    words={
        "task": listed("""
            peel potatoes, fold shirts, fly, catch dreams, make rain, butter toast, write letters, find lost gloves,
            brush cats, count stars, iron socks, tell jokes, whistle in tune, wake people kindly, sort buttons
        """),
        "thing": listed("""
            clock, radio, typewriter, sewing machine, gramophone, bicycle, toaster, camera, barometer, lamp,
            accordion, doll's pram, coffee mill, telephone, weighing scale, doorbell, mousetrap, locomotive
        """),
        "part": listed("""
            spring, valve, crank, funnel, piston, flywheel, chain, magnet, gear, pulley, bellows, propeller, hinge,
            boiler, axle, rubber band, pipe, bolt, coil, fuse
        """),
        "hand_tool": listed("""
            hammer, screwdriver, pair of pliers, file, saw, wrench, chisel, drill, soldering iron, plane, spanner, oil
            can, tape measure, glue pot, paintbrush
        """),
        "screw": listed("screw, nail, washer, rivet, cogwheel, pin, tack, hook"),
        "letter": listed("B, D, G, K, P, Q, T, V, W, Z"),
        "small_animal_many": listed("mice, bats, swallows, bees, sparrows, dormice, jackdaws, spiders, squirrels"),
    },
    plots=(_MACHINE, _CLOCK),
    tiny=(
        "{Hero} invented a machine that could {task}. It worked on the first try. {He} was so disappointed that {he} "
        "took it apart, to have something to do.",
        'The {thing} in the window of the shop ran backwards. "Is it broken?" asked {hero}. "No," {said} {elder}. '
        '"It is for people who have lost something."',
        "There was one {screw} left over, and {hero} carried it in {his} pocket for {few} years. One {weekday} "
        "{friend} sat down on a chair, and the chair fell apart, and it was just the one.",
        "{A_hero} mended a {thing} with a {gift}, a {part} and a drop of honey. It never worked again, but it was "
        "visited by every bee in {town}.",
        '"Which {hand_tool} do you need?" asked {hero}. "The {colour} one," said {elder} from under the {thing}. '
        "Then for a long time there was only hammering, and at last there was a very small ping.",
    ),
)
