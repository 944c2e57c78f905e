"""Stories of ovens, dough and shared tables."""

from __future__ import annotations

from itertools import product

from mistudio_core.example.plot import Plot, Theme, listed

_BAKING = Plot(
    openings=(
        "{A_hero} lived above the bakery in {town} and woke every morning to the smell of {bake}.",
        "In {town} there was {a_hero} who wanted to bake the best {bake} that anybody had ever tasted.",
        "There was once {a_hero} with flour on {his} nose, for {he} helped in the kitchen of {elder} every {weekday}.",
    ),
    tries=(
        "First {he} added a pinch of {spice2}. The mixture turned {colour} and smelled of old boots.",
        "{He} stirred with the {tool}, first one way and then the other, until {his} arms were as heavy as puddings.",
        "{He} looked into {elder}'s {old} recipe book, but the page was so sticky with {filling} that only the word "
        '"perhaps" could be read.',
        "{Friend} came to help and beat {few} eggs so hard that half of them ended up on the ceiling.",
        "They tried it with more {filling}, then with less, and then with none at all, which was the worst of the "
        "three.",
    ),
    turns=(
        (
            "One day {elder} had to go away, and {hero} was left alone with {few} {colour} bowls and an order for "
            "{n} {bake_many}. Instead of sugar, {he} reached for the jar of {spice}.",
            'Then {friend} dipped a finger into the {bowl} and tasted. "{Hero}, it isn\'t spoiled," {fhe} {said}. '
            '"It is only new. Put some {filling2} on it and give it a name."',
        ),
        (
            "The great cake contest was on {weekday}, and when {hero} cut the first slice to try it, the cake "
            "sighed, sank in the middle and tasted of nothing but wind.",
            "{Hero} knocked at every door in {town} with a spoonful to taste. One neighbour said more {spice2}, "
            "another said less hurry, and a third said nothing and simply asked for more.",
        ),
        (
            "But the dough would not rise. It lay in the {bowl} like a sleepy toad, flat and grey, and nothing that "
            "{hero} said could wake it.",
            "At last {hero} remembered what {elder} always said: dough is like a {animal}, it needs warmth and "
            "quiet. So {he} wrapped the {bowl} in {his} own {clothes} and sat down to wait.",
        ),
    ),
    endings=(
        "When the {bake_many} came out, they were {nice} and golden, and people queued from the bakery all the way "
        "to the well.",
        "Everybody chewed for a long time. Then they asked for a second slice, and a third, and pinned a {colour} "
        "rosette on {hero}'s {clothes}.",
        'They called it "{town} surprise", and to this day it is eaten there with a spoonful of {filling2}.',
    ),
)

_SOUP = Plot(
    openings=(
        "In the coldest week of the winter {hero}, {trait} as ever, found nothing in the cupboard but a {vegetable}.",
        "{A_hero} had a pot so large that {he} could have taken a bath in it, and nothing to put inside.",
        "{Hero} was cooking alone for the first time, because {elder} lay in bed with a cold and a {colour} scarf "
        "round {ehis} neck.",
    ),
    tries=(
        "{He} put in the last {vegetable} and a bit of {spice}, and tasted it. It tasted of hope and not much else.",
        "{Friend} ran home and returned with {few} {root_many} hidden under {fhis} {hat}.",
        "A neighbour who had smelled the steam brought a piece of {cheese} and asked whether there was room by the "
        "fire.",
        "{Hero} cut everything very small, so that it would look like more, and stirred with a {tool}.",
    ),
    turns=tuple(
        product(
            (
                '"A soup made of a {vegetable}," {he} sighed, "is only warm water with a secret."',
                "Just then there was a knock. Outside stood {friend} with {few} hungry cousins, and snow on all "
                "their hats.",
                "There were {sum} guests to feed and only {n} plates, and the pot was as empty as a drum.",
            ),
            (
                "Then something {strange} happened. Everybody who came to look put a little something into the pot: "
                "a lentil or two, a handful of barley, a {vegetable3}, a leaf of {spice2}.",
                '"Why don\'t we all bring what we have?" asked {friend}. So up and down the street went the {bowl}, '
                "and it came back so full that two had to carry it.",
                '"Ask the others," said {elder}. "A soup is the only thing that gets better when more people meddle."',
            ),
        )
    ),
    endings=(
        "They ate until the windows were foggy. Then they wiped their bowls with bread and sang until the lids danced.",
        "Nobody could say who had made that soup. It belonged to the whole street, and it tasted of {spice} and of "
        "company.",
        "There was even a ladleful left for the {animal}, who licked the pot until it shone like a mirror.",
    ),
)

KITCHEN = Theme(
    name="kitchen",
    words={
        "bake": listed("""
            apple pie, poppy seed cake, walnut loaf, almond cake, honey bread, blueberry tart, carrot cake, rye bread,
            cherry strudel, ginger cake, rhubarb pie, sponge cake, pumpkin bread, marble cake, plum tart
        """),
        "bake_many": listed("""
            buns, muffins, rolls, pretzels, scones, biscuits, waffles, pancakes, doughnuts, cookies, tarts, crackers,
            macaroons, cupcakes, crumpets
        """),
        "spice": listed("""
            salt, pepper, mustard, garlic, paprika, curry, parsley, thyme, nutmeg, cloves, ginger, saffron, vanilla,
            sage, horseradish, mint, basil, cardamom, dill, caraway
        """),
        "filling": listed("""
            jam, honey, chocolate, cream, marzipan, syrup, caramel, butter, lemon curd, raspberries, apricots, sweet
            chestnuts, icing, whipped cream, stewed pears, gooseberries
        """),
        "bowl": listed("bowl, basin, pan, dish, kettle, saucepan, copper pot, stone jar, clay pot, mixing bowl"),
        "tool": listed(
            "whisk, wooden spoon, rolling pin, ladle, fork, spatula, sieve, grater, pastry brush, bread knife"
        ),
        "vegetable": listed(
            "turnip, carrot, cabbage, potato, leek, parsnip, pumpkin, radish, beetroot, mushroom, bean"
        ),
        "root_many": listed("onions, potatoes, mushrooms, tomatoes, lentils, peas, carrots, peppers, turnips"),
        "cheese": listed("cheese, bacon, sausage, smoked fish, goat's cheese, ham, cold chicken, buttered toast"),
    },
    plots=(_BAKING, _SOUP),
    tiny=(
        "{Hero} baked {n} {bake_many} and counted them twice. When {he} looked again, there were {rest}. On the "
        "windowsill sat a {animal} with crumbs in its beard, looking at the sky.",
        '"What is the secret of your {bake}?" asked {hero}. {Elder} looked left and right. "I make it," {ehe} '
        'whispered, "for somebody."',
        "The {bowl} was too small, the {tool} was too big, and there was far too much {spice}. Yet when {hero} "
        "carried the {bake} to {elder}, nobody left a crumb.",
        "{A_hero} stirred the soup and sang. The longer {he} sang, the better it smelled. Soon the whole street "
        "stood at the door, each with a spoon, and nobody had even been invited.",
        "It rained, so {hero} and {friend} stayed in and made {bake_many}. The first batch burned. The second was "
        "raw. The third was so {nice} that they ate it before {elder} came home.",
    ),
)
