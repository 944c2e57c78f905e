"""Stories of seeds, weeds and waiting."""

from __future__ import annotations

from mistudio_core.example.plot import Plot, Theme, listed

_SEED = Plot(
    openings=(
        "On the last day of winter {elder} gave {hero} a {colour} seed, no larger than a {tiny_thing}.",
        "{A_hero} found a packet of seeds in the pocket of a {old} {clothes}. There was no picture on it and no name.",
        "Behind the house in {town} there was a {small} garden, and in one corner of it, between the {flower_many} "
        "and the wall, {hero} was allowed to grow whatever {he} liked.",
    ),
    tries=(
        "{Hero} watered it with the can, and a bit more, and a bit more, until a frog moved in.",
        "{He} sang to it, first {softly} and then quite loudly, until somebody closed a window.",
        "{He} built a fence out of {few} sticks and a piece of string, to keep the {pest_many} away.",
        "{Friend} advised talking to it about the weather, because that was what plants were interested in.",
        "{He} dug it up to see how it was getting on, and put it back rather quickly.",
    ),
    turns=(
        (
            "{He} planted it at once. Then {he} waited a whole morning, and nothing happened. {He} waited {few} "
            "days, and still there was only mud.",
            '"What are you doing to that poor thing?" asked {elder}. "A seed has its own clock, {hero_name}. You '
            "can't push the hands.\"",
        ),
        (
            "Everywhere else the {flower_many} were up. Only in {hero}'s corner the earth lay bare, and a {pest} sat "
            "in the middle of it as if it had paid rent.",
            "Then it rained for {few} days, and {hero} had to stay indoors and leave the garden alone. It was the "
            "best thing that could have happened.",
        ),
        (
            "A green tip came up, and {hero} danced. But the next day it hung its head, and its {few} leaves were as "
            "limp as wet paper.",
            "{Friend} noticed it first: the {tree} above it had grown so thick that no sun came through. Together "
            "they tied one branch aside with a {colour} ribbon.",
        ),
    ),
    endings=(
        "And there it stood: a {flower} as tall as {hero}'s shoulder, with {petals} petals, and a {insect} asleep "
        "inside.",
        "By {month} there were {n} {vegetable_many}. {Hero} gave {k} of them to {friend}, kept {rest}, and saved the "
        "seeds in an envelope.",
        "It turned out to be a {flower}, and the whole of {town} came to smell it, in single file, with their hats "
        "in their hands.",
    ),
)

_FENCE = Plot(
    openings=(
        "{Hero} and {friend} had gardens side by side, with a fence between them that was more hole than fence.",
        "In {town} lived {a_hero} whose {flower_many} were famous, and next door lived {friend}, whose "
        "{vegetable_many} were more famous still.",
        "There was once a garden with {n} {flower_many}, {k} beehives and {a_hero} who knew every bee by name.",
    ),
    tries=(
        "{Hero} sat up all night behind the {tool_shed} with a lantern, but the only creature that came was a {pest2}.",
        "They drew a line with chalk, and the wind wiped it away. They drew it with flour, and the birds ate it.",
        "{He} put up a scarecrow in {elder}'s {clothes} and {hat}. By noon, {few} sparrows were sitting on its arms.",
        "For {few} days they did not say good morning, and even the {insect_many} seemed to hum less.",
    ),
    turns=(
        (
            "One morning {hero} found that somebody had eaten the {vegetable_many}. Only the stalks were left, in a "
            "row, like a comb. {Friend} said that it was nobody's fault, and {hero} said that it was {friend}'s.",
            "Then the {pest} itself came through the fence, quite slowly, followed by {few} very small ones. {Hero} "
            "and {friend} {looked} at each other and forgot to be angry.",
        ),
        (
            "A {tree} stood exactly on the border. When its fruit was ripe, {friend} said that the fruit was {fhis}, "
            "and {hero} said that the tree was {his}.",
            '"Whose is the shade?" asked {elder}, who sat under the branches in {ehis} {hat}. "And whose is the '
            'smell of it? You may start by dividing those."',
        ),
        (
            "It had not rained for {few} weeks. The well was nearly dry, there was one can of water a day for both "
            "of them, and each was sure that the other took the larger half.",
            '{Friend} came to the gate with a {garden_tool} and red ears. "I don\'t want to be right any more," '
            '{fhe} said. "I want to have tea."',
        ),
    ),
    endings=(
        "They took the fence down, board by board, and made a bench of it that was wide enough for both.",
        "After that they planted one row for themselves, one for the neighbours and one for the {pest_many}, and it "
        "was the third that grew best.",
        "In autumn they picked {sum} baskets together, and it took the whole of {town} to eat them.",
    ),
)

GARDEN = Theme(
    name="garden",
    words={
        "tiny_thing": listed("freckle, pea, crumb, raindrop, pinhead, grain of rice, lentil, tear, shirt button"),
        "flower": listed("""
            sunflower, foxglove, hollyhock, lily, tulip, rose, dahlia, peony, poppy, bluebell, daffodil, iris,
            marigold, lupin, snapdragon, daisy, cornflower, geranium, magnolia, violet
        """),
        "flower_many": listed("""
            tulips, daisies, roses, pansies, daffodils, primroses, crocuses, carnations, lilies, sweet peas, poppies,
            hyacinths, buttercups, forget-me-nots, marigolds, asters
        """),
        "vegetable_many": listed("""
            pumpkins, beans, tomatoes, cucumbers, strawberries, radishes, peas, marrows, lettuces, cabbages, melons,
            carrots, raspberries, beetroots, artichokes, onions, potatoes
        """),
        "pest": listed("snail, slug, hare, goat, toad, mole, hen, tortoise, pheasant, hedgehog"),
        "pest_many": listed("snails, rabbits, pigeons, slugs, caterpillars, beetles, crows, mice, moles"),
        "insect": listed("bumblebee, beetle, moth, butterfly, ladybird, grasshopper, dragonfly, spider"),
        "insect_many": listed("bees, wasps, gnats, crickets, dragonflies, bumblebees, flies"),
        "garden_tool": listed("watering can, spade, rake, hoe, trowel, wheelbarrow, bucket, pair of shears, hosepipe"),
        "tool_shed": listed("shed, greenhouse, compost heap, rain barrel, beehive, woodpile, gooseberry bush"),
        "tree": listed("apple tree, pear tree, cherry tree, plum tree, walnut tree, fig tree, quince, mulberry tree"),
        "petals": listed("seven, eight, nine, ten, eleven, twelve, fifteen, twenty, thirty, forty"),
    },
    plots=(_SEED, _FENCE),
    tiny=(
        "{Hero} planted a {gift} in the garden and watered it every day. Nothing grew, of course. But beside it came "
        "up a {flower} that nobody had planted at all.",
        '"Why do you talk to the {flower_many}?" asked {hero}. "Because they listen," said {elder}. And indeed they '
        "all leaned a little closer.",
        "There were {n} {vegetable_many} in the bed in the evening and {rest} in the morning. {Hero} followed the "
        "trail and found a {pest} with {k} reasons to feel ill.",
        "A {insect} flew into {elder}'s {hat} and would not come out. So {elder} walked about all day with a "
        "{flower} above {ehis} ear, and everybody said how well it suited {ehim}.",
        "In spring {hero} was shorter than the {flower}. In summer they were the same height. In autumn {he} "
        'collected its seeds and told {friend}, "Next year I shall win."',
    ),
)
